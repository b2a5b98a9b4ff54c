/** Longer messages are useless, and would not fit into a frame. */
const LONGEST = 1024;

/** Percent-encodes a status message: gRPC over HTTP/2, "Status-Message": printable ASCII but `%` stays. */
export function encodeStatusMessage(message: string): string {
  const text = message.length > LONGEST ? message.slice(0, LONGEST) : message;
  if (/^[ -$&-~]*$/.test(text) && !/^ | $/.test(text)) return text;
  let encoded = '';
  for (const octet of Buffer.from(text, 'utf8')) {
    const plain = octet > 0x20 && octet < 0x7f && octet !== 0x25;
    encoded += plain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
