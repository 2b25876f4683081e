/* test_sandbox.c: what a step cannot do. */
#include "world.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Runs the step and returns its finding's reason; frees on the next call. */
static const char *reason_of(const char *lua)
{
    static char reason[4000];
    struct host_report *r = world_step(lua);

    assert_non_null(r);
    assert_int_equal(r->finding_count, 1);
    snprintf(reason, sizeof reason, "%s%s", r->findings[0].broken ? "" : "fine: ",
             r->findings[0].reason ? r->findings[0].reason : "(none)");
    world_free_report(r);
    return reason;
}

static void expect(const char *lua, const char *part)
{
    const char *reason = reason_of(lua);

    if (!strstr(reason, part))
        fail_msg("step \"%s\" gives \"%s\", not \"%s\"", lua, reason, part);
}

static void what_is_dangerous_is_not_there(void **state)
{
    static const char *const names[] = {
        "os", "io", "debug", "load", "loadstring", "dofile", "loadfile", "collectgarbage",
        "coroutine", "package", "print", "string.dump", "math.random", "_G", "warn", "core"};
    char lua[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(lua, sizeof lua, "return inconclusive{reason = tostring(%s)}", names[i]);
        expect(lua, "fine: nil");
    }
}

static void escapes_are_refused(void **state)
{
    static const char *const tries[][2] = {
        {"string.find = 1", "read only"},
        {"rawset(string, 'find', 1)", "read only"},
        {"getmetatable('').__index = {}", "attempt to index a nil value"},
        {"setmetatable(string, {})", "protected metatable"},
        {"setmetatable({}, {__gc = function() end})", "__gc"},
        {"x = 1", "global \"x\" cannot be set"},
        {"setmetatable(_ENV, nil)", "protected metatable"},
        {"require '../model/x'", "module names"},
        {"require 'absent_module'", "cannot load module \"absent_module\""},
        {"require 'self'", "requires itself"},
        {"require('good').count = 1", "read only"},
        {"require('good').sub.deep[1] = 2", "read only"},
        {"table.insert(require('good').names, 'c')", "read only"},
        {"host.name = 'x'", "read only"},
        {"host.vars.services['8080'] = 'x'", "read only"},
        {"symptom.url = 'x'", "read only"},
        {"host.run({}, {'id', '-u'})", "called on a host"},
        {"host:run{'id', '-un'}", "command \"id -un\" is not declared under \"commands\""},
        {"host:run{'cat\\0x', '--', '/a'}", "not declared"},
        {"host:run{}", "has 0 words"},
        {"host:run{'rm', '-r', 'x'}", "not declared"},
        {"('x'):rep(100, ('%s*'):rep(500)):find(('%s*'):rep(500))", "pattern"},
        {"string.rep(('a'):rep(70000), 1):find('a*a*a*a*a*a*a*b')", "line by line"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof tries / sizeof *tries; i++)
        expect(tries[i][0], tries[i][1]);
}

/* What a host has made of a value never raises: it is not run, and the step can tell. */
static void values_that_do_not_fit_are_not_run(void **state)
{
    static const char *const calls[] = {
        "host:run{'cat', '--', '/a/../b'}",       "host:run{'cat', '--', ''}",
        "host:run{'cat', '--', '-n'}",            "host:run{'cat', '--', '/a\\nb'}",
        "select(3, host:read('/a\\0b'))",       "select(3, host:read(''))",
        "select(3, host:stat('relative'))",
        "host:run_all{{'id', '-u'}, {'cat', '--', '..'}}[2]",
        "host:run{'rm', 'x'}", /* declared here, which lint would not let pass */
    };
    char lua[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof calls / sizeof *calls; i++) {
        snprintf(lua, sizeof lua,
                 "local r = %s return inconclusive{reason = r.outcome, evidence = {r:show('')}}",
                 calls[i]);
        expect(lua, "fine: refused");
    }
    expect("host:read('') return ruled_out{reason = 'x', evidence = {host:run{'id', '-u'}:show('')}}",
           "was not run, for a word in it");
}

static void bytecode_is_refused(void **state)
{
    (void)state;
    expect("\x1bLua", "playbooks/nginx-502/book.yaml:41");
}

static void memory_has_a_cap(void **state)
{
    (void)state;
    expect("local a = 1\nlocal s = ('x'):rep(1 << 30)", "not enough memory "
           "(playbooks/nginx-502/book.yaml:42, in step \"look\")");
    expect("local t = {}\nwhile true do t[#t + 1] = {} end", "not enough memory");
    expect("local ok, e = pcall(string.rep, 'x', 1 << 30) return inconclusive{reason = e}",
           "fine: not enough memory");
}

static void an_endless_loop_ends(void **state)
{
    (void)state;
    expect("local a\nwhile true do end", "book.yaml:42: step used more than 50 million "
           "instructions (in step \"look\")");
}

static void pcall_does_not_swallow_the_budget(void **state)
{
    static const char *const tries[] = {
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) while true do end end f()",
        "xpcall(function() while true do end end, function() while true do end end)",
        "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
        "while true do end",
        "pcall(function() while true do end end) return inconclusive{reason = 'ha'}",
        "local t = setmetatable({}, {__index = function() while true do end end})\n"
        "pcall(function() return t.x end) return ruled_out{}",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "('a'):gsub('a', function() while true do end end)",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof tries / sizeof *tries; i++)
        expect(tries[i], "step used more than 50 million instructions");
}

static void errors_name_the_line_of_the_yaml_file(void **state)
{
    (void)state;
    expect("local a = nil\nlocal b = a.c", "playbooks/nginx-502/book.yaml:42: attempt to index a "
           "nil value (local 'a') (in step \"look\")");
    expect("local a =\n= 2", "playbooks/nginx-502/book.yaml:42: unexpected symbol");
    expect("\n\nrequire('good').fail()", "lua/good.lua:6: module fails "
           "(playbooks/nginx-502/book.yaml:43, in step \"look\")");
    expect("\nreturn confirmed{}", "book.yaml:42: confirmed lacks \"title\"");
    expect("\nreturn go 'nowhere'", "book.yaml:42: there is no step \"nowhere\"");
    expect("error{}", "book.yaml");
    expect("return 1", "book.yaml:39: step \"look\" ends without return go");
}

static void useful_things_are_there(void **state)
{
    (void)state;
    expect("local t = {}\nfor k, v in pairs(host.vars.services) do t[#t + 1] = k .. v end\n"
           "assert(next(host.vars).x == nil)\n"
           "assert(#require('good').names == 2 and require('good').count() == 1)\n"
           "assert(symptom.state == 'present' and symptom.url == 'http://x/')\n"
           "local ok, m = xpcall(error, function(e) return e .. '!' end, 'oh', 0)\n"
           "assert(m == 'oh!', m)\n"
           "assert(select('#', xpcall(function(...) return ... end, error, 1, 2)) == 3)\n"
           "return inconclusive{reason = t[1]}", "fine: 8080backend");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_dangerous_is_not_there),
        cmocka_unit_test(escapes_are_refused),
        cmocka_unit_test(values_that_do_not_fit_are_not_run),
        cmocka_unit_test(bytecode_is_refused),
        cmocka_unit_test(memory_has_a_cap),
        cmocka_unit_test(an_endless_loop_ends),
        cmocka_unit_test(pcall_does_not_swallow_the_budget),
        cmocka_unit_test(errors_name_the_line_of_the_yaml_file),
        cmocka_unit_test(useful_things_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
