/** What every peer answers: an allow, `status {}` and `ok_response {}`. */
export const constantAnswer: Uint8Array = Uint8Array.of(0x0a, 0x00, 0x1a, 0x00);
