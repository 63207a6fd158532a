# How the programs of the image are compiled and linked. Included by CMakeLists.txt when ASHLAR_DEVICE is on.
#
# - Static: boot must need nothing of the root it verifies, and PID 1 stays small in memory (no loader, no relocated
#   libstdc++). Position-independent all the same, with every relocation read-only after the start.
# - Dynamic only what is linked to libraries that have no static form (libtss2, libcryptsetup): position-independent,
#   every symbol bound and every relocation read-only before main(), libstdc++ and libgcc linked in.
# - One program, one translation unit for the linker (full LTO), so that control-flow integrity knows every function and
#   every class; a violation traps, and a trap in PID 1 stops the machine. What libraries call back is ours and known; a
#   pointer that a library made is not, and whoever calls through one says so (no_sanitize, see sys/tpm.cc).
# - Scudo instead of glibc's allocator (src/heap): linked into the static ones, given to the dynamic ones by ld.so.
# - No exceptions and no RTTI in our code; what libstdc++ throws (out of memory) ends the program, and so does what
#   nlohmann-json would throw.
# - The same bytes whatever the path: source paths are mapped away, there is no build id, symbols are stripped.

set(ASHLAR_DEVICE_COMPILE
  -Os -flto=full -fvisibility=hidden -fno-exceptions -fno-rtti -fPIE
  -fsanitize=cfi -fsanitize-trap=cfi -fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/device-cfi.txt
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
  -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
  -ffunction-sections -fdata-sections
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build
  CACHE INTERNAL "")
set(ASHLAR_DEVICE_DEFINE _FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS CACHE INTERNAL "")
set(ASHLAR_DEVICE_LINK
  -fuse-ld=lld-19 -Os -flto=full -fvisibility=hidden -fsanitize=cfi -fsanitize-trap=cfi
  -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--gc-sections -Wl,--icf=all -Wl,--build-id=none -Wl,--strip-all
  -Wl,--fatal-warnings
  CACHE INTERNAL "")
set(ASHLAR_STATIC_LINK -static-pie CACHE INTERNAL "")
set(ASHLAR_DYNAMIC_LINK -pie -static-libstdc++ -static-libgcc -Wl,--as-needed CACHE INTERNAL "")

set(ASHLAR_MODULE_LINK -static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,-z,defs CACHE INTERNAL "")

# For each library and each program of the image.
function(ashlar_harden target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${ASHLAR_DEVICE_COMPILE}>)
  target_compile_definitions(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${ASHLAR_DEVICE_DEFINE}>)
endfunction()

# A program of the image.
function(ashlar_static_program name)
  ashlar_device_program(${name} "${ASHLAR_STATIC_LINK}" ${ARGN})
  target_link_libraries(${name} PRIVATE ashlar_heap)
endfunction()
function(ashlar_dynamic_program name)
  ashlar_device_program(${name} "${ASHLAR_DYNAMIC_LINK}" ${ARGN})
endfunction()
function(ashlar_device_program name kind)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  target_link_options(${name} PRIVATE ${kind} ${ASHLAR_DEVICE_LINK})
  ashlar_harden(${name})
endfunction()

# A library that a program which is not ours loads by name. Without any of our libraries, which are no position-independent
# code for others; the file is called as the target.
function(ashlar_loaded_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} MODULE ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX "")
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  target_link_options(${name} PRIVATE ${ASHLAR_MODULE_LINK} ${ASHLAR_DEVICE_LINK})
  ashlar_harden(${name})
  target_compile_options(${name} PRIVATE -fPIC)  # after -fPIE, and instead of it
endfunction()
