# embed.cmake: turns a text file into a C string of the program.
#
#   fettle_embed(fettle_io engine/io/worker.sh worker_program)
#
# adds to the target a C file that defines `const char worker_program[]`; whoever uses it declares
# it `extern`.  The shell texts stay files of their own, so that editors and shellcheck see them.
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ "${INPUT}" text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "?" "\\?" text "${text}") # C11 without extensions still knows trigraphs
    string(REPLACE "\t" "\\t" text "${text}")
    string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
    file(WRITE "${OUTPUT}" "/* Made from ${INPUT} */\nextern const char ${SYMBOL}[];\n"
        "const char ${SYMBOL}[] =\n    \"${text}\";\n")
    return()
endif()

set(FETTLE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(fettle_embed target file symbol)
    set(input ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embed/${symbol}.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DSYMBOL=${symbol}
            -P ${FETTLE_EMBED_SCRIPT}
        DEPENDS ${input} ${FETTLE_EMBED_SCRIPT}
        COMMENT "Embedding ${file}")
    target_sources(${target} PRIVATE ${output})
endfunction()
