-- check: counts what the Lua tests expect, prints what differs, and ends with a status that make and CI see.
--
-- eq(got, want, name)  deep comparison   ok(cond, name)   done()  prints "N passed, N failed", exits 1 on failure

local M = { passed = 0, failed = 0 }

local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then
        return a == b
    end
    for k, v in pairs(a) do
        if not same(v, b[k]) then
            return false
        end
    end
    for k in pairs(b) do
        if a[k] == nil then
            return false
        end
    end
    return true
end

local function show(value, depth)
    if type(value) == "string" then
        return ("%q"):format(value)
    elseif type(value) ~= "table" or depth > 4 then
        return tostring(value)
    end
    local keys, out = {}, {}
    for k in pairs(value) do
        keys[#keys + 1] = k
    end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, k in ipairs(keys) do
        out[#out + 1] = tostring(k) .. "=" .. show(value[k], depth + 1)
    end
    return "{" .. table.concat(out, ", ") .. "}"
end

function M.ok(cond, name)
    if cond then
        M.passed = M.passed + 1
    else
        M.failed = M.failed + 1
        print("FAILED " .. tostring(name))
    end
    return cond
end

function M.eq(got, want, name)
    local good = same(got, want)
    if not M.ok(good, name) then
        print("  got  " .. show(got, 1))
        print("  want " .. show(want, 1))
    end
    return good
end

function M.done()
    print(("%d passed, %d failed"):format(M.passed, M.failed))
    os.exit(M.failed == 0 and 0 or 1)
end

return M
