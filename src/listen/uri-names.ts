// Node.js shows the names of a certificate as one text, in which one name may look like another. So its bytes are read.

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
/** `extensions [3] EXPLICIT` of a certificate (RFC 5280, 4.1). */
const EXTENSIONS = 0xa3;
/** `uniformResourceIdentifier [6]` of a GeneralName (RFC 5280, 4.2.1.6). */
const URI = 0x86;
/** 2.5.29.17. */
const SUBJECT_ALTERNATIVE_NAME = Buffer.from([0x55, 0x1d, 0x11]);

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/**
 * The names of a certificate that are URIs.
 * @param certificate its DER, as a TLS library has parsed it already
 * @throws TypeError for what is no certificate
 */
export function uriNamesOf(certificate: Buffer): readonly string[] {
  const [toBeSigned] = childrenOf(only(certificate, SEQUENCE));
  const fields = childrenOf(toBeSigned?.content ?? Buffer.alloc(0));
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return [];
  const uris: string[] = [];
  for (const extension of childrenOf(only(extensions.content, SEQUENCE))) {
    const [name, ...rest] = childrenOf(extension.content);
    if (name?.tag !== OBJECT_IDENTIFIER || !name.content.equals(SUBJECT_ALTERNATIVE_NAME)) continue;
    // Between them it may say that it is critical.
    const value = rest.find(({ tag }) => tag === OCTET_STRING);
    if (value === undefined) throw new TypeError('an extension has no value');
    for (const { tag, content } of childrenOf(only(value.content, SEQUENCE))) {
      if (tag === URI) uris.push(content.toString('latin1'));
    }
  }
  return uris;
}

function only(bytes: Buffer, tag: number): Buffer {
  const [element, further] = childrenOf(bytes);
  if (element?.tag !== tag || further !== undefined) throw new TypeError('this is no certificate in DER');
  return element.content;
}

function childrenOf(bytes: Buffer): readonly Element[] {
  const children: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = byteAt(bytes, at + 1);
    let from = at + 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 4) throw new TypeError('a length in DER has one to four octets');
      length = 0;
      for (let octet = 0; octet < octets; octet++) length = length * 256 + byteAt(bytes, from + octet);
      from += octets;
    }
    if (from + length > bytes.length) throw new TypeError('an element reaches beyond what it is in');
    children.push({ tag, content: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return children;
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new TypeError('an element ends within its length');
  return byte;
}
