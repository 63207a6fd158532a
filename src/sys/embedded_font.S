// The font of the screen, as a file in the program's read-only data. ASHLAR_FONT_FILE is an uncompressed PSF2 font.
    .section .rodata.ashlar_font, "a", @progbits
    .globl ashlar_font_begin
    .globl ashlar_font_end
    .hidden ashlar_font_begin
    .hidden ashlar_font_end
    .balign 16
ashlar_font_begin:
    .incbin ASHLAR_FONT_FILE
ashlar_font_end:
    .section .note.GNU-stack, "", @progbits
