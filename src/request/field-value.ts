/**
 * Whether a text is the value of a header unmistakably (RFC 9110, 5.5): no control character, C1 and the line separators
 * of Unicode included, no white space around it, and no half of a character.
 */
export function isFieldValue(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.isWellFormed() && text === text.trim() && !/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/.test(text);
}
