#include "textflag.h"

// The character that may follow a backslash, by its low four bits, and 'r' apart, which
// shares them with 'b'. No byte matches the entries of the others.
DATA short<>+0(SB)/8, $0x00660074006200ff
DATA short<>+8(SB)/8, $0x2f6e005c00000000
GLOBL short<>(SB), RODATA|NOPTR, $16

DATA quote<>+0(SB)/1, $0x22
GLOBL quote<>(SB), RODATA|NOPTR, $1
DATA backslash<>+0(SB)/1, $0x5c
GLOBL backslash<>(SB), RODATA|NOPTR, $1
DATA control<>+0(SB)/1, $0x1f
GLOBL control<>(SB), RODATA|NOPTR, $1
DATA letter<>+0(SB)/1, $0x72
GLOBL letter<>(SB), RODATA|NOPTR, $1

// marks sets the bits of R10 where Y0 and Y1 have a quote, of R11 where they have a
// backslash, and of R12 where they have a control character.
#define marks \
	VPCMPEQB  Y10, Y0, Y2; \
	VPCMPEQB  Y10, Y1, Y3; \
	VPMOVMSKB Y2, R10; \
	VPMOVMSKB Y3, R13; \
	SHLQ      $32, R13; \
	ORQ       R13, R10; \
	VPCMPEQB  Y11, Y0, Y4; \
	VPCMPEQB  Y11, Y1, Y5; \
	VPMOVMSKB Y4, R11; \
	VPMOVMSKB Y5, R13; \
	SHLQ      $32, R13; \
	ORQ       R13, R11; \
	VPMINUB   Y12, Y0, Y6; \
	VPMINUB   Y12, Y1, Y7; \
	VPCMPEQB  Y6, Y0, Y6; \
	VPCMPEQB  Y7, Y1, Y7; \
	VPMOVMSKB Y6, R12; \
	VPMOVMSKB Y7, R13; \
	SHLQ      $32, R13; \
	ORQ       R13, R12

// escapable sets the bits of R13 where Y0 and Y1 have what may follow a backslash. It
// needs what marks has left in Y2 and Y3.
#define escapable \
	VPSHUFB   Y0, Y13, Y4; \
	VPSHUFB   Y1, Y13, Y5; \
	VPCMPEQB  Y0, Y4, Y4; \
	VPCMPEQB  Y1, Y5, Y5; \
	VPCMPEQB  Y14, Y0, Y6; \
	VPCMPEQB  Y14, Y1, Y7; \
	VPOR      Y2, Y4, Y4; \
	VPOR      Y3, Y5, Y5; \
	VPOR      Y6, Y4, Y4; \
	VPOR      Y7, Y5, Y5; \
	VPMOVMSKB Y4, R13; \
	VPMOVMSKB Y5, R15; \
	SHLQ      $32, R15; \
	ORQ       R15, R13

// func skimBlocks(src []byte) (n int, escaped bool, wide bool)
//
// AX is n, R8 whether a backslash ends what is before it, R9 the result's escaped.
TEXT ·skimBlocks(SB), NOSPLIT, $0-34
	MOVQ         src_base+0(FP), SI
	MOVQ         src_len+8(FP), CX
	XORQ         AX, AX
	XORQ         R8, R8
	XORQ         R9, R9
	VPXOR        Y15, Y15, Y15
	VPBROADCASTB quote<>(SB), Y10
	VPBROADCASTB backslash<>(SB), Y11
	VPBROADCASTB control<>(SB), Y12
	VPBROADCASTB letter<>(SB), Y14
	VBROADCASTI128 short<>(SB), Y13
	MOVQ         $0xAAAAAAAAAAAAAAAA, DI

block:
	LEAQ 64(AX), DX
	CMPQ DX, CX
	JHI  short
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU 32(SI)(AX*1), Y1
	VPOR    Y0, Y15, Y15
	VPOR    Y1, Y15, Y15
	marks
	MOVQ    R11, BX
	ORQ     R8, BX
	JNZ     escapes
	ORQ     R12, R10
	JNZ     found
	MOVQ    DX, AX
	JMP     block

escapes:
	// Every second backslash of a series begins an escape; adding the starts of the series
	// to the odd bits carries over each to tell where it ends (the sum of simdjson's paper,
	// arXiv:1902.08318, section 3.1.1). BX becomes the escaped bytes, R8 the backslashes
	// that escape them.
	escapable
	MOVQ  R8, R15
	NOTQ  R15
	ANDQ  R11, R15
	LEAQ  (R15)(R15*1), R14
	ORQ   DI, R14
	SUBQ  R15, R14
	XORQ  DI, R14
	XORQ  R14, BX
	TESTQ R8, R8
	JZ    inside
	TESTQ $1, R13
	JZ    short             // the last backslash before this block is no short escape
inside:
	ANDQ  R11, R14
	NOTQ  R13
	ANDQ  BX, R13
	SHRQ  $1, R13           // backslashes of escapes that are not short
	NOTQ  BX
	ANDQ  BX, R10           // quotes that are not escaped
	ORQ   R13, R12
	ORQ   R12, R10
	JNZ   found
	MOVQ  R14, R8
	SHRQ  $63, R8
	ORQ   R11, R9
	MOVQ  DX, AX
	JMP   block

found:
	BSFQ R10, BX
	ADDQ BX, AX
	LEAQ -1(R10), R12       // the bits below the lowest
	ANDNQ R12, R10, R12
	ANDQ R12, R11
	ORQ  R11, R9
	JMP  done

short:
	SUBQ R8, AX

done:
	VPMOVMSKB Y15, BX
	TESTL     BX, BX
	SETNE     wide+33(FP)
	TESTQ     R9, R9
	SETNE     escaped+32(FP)
	MOVQ      AX, n+24(FP)
	VZEROUPPER
	RET
