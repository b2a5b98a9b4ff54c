import { BodyScan } from './body-scan.ts';
import type { BodyFault } from './request-body.ts';
import { characterWidth, nameEnd, referenceWidth } from './xml-characters.ts';

/** The limits of a body; Infinity: no limit. */
export interface XmlLimits {
  /** The deepest nesting of elements; the root by itself is 1. Finite, because open ones are remembered. */
  readonly nodeDepth: number;
  readonly attributeCount: number;
  /** The most elements, comments and texts directly below an element. */
  readonly childCount: number;
  /** In bytes of UTF-8, like the other two lengths. */
  readonly textLength: number;
  readonly attributeLength: number;
  readonly commentLength: number;
}

/** An open element: the position of its name. */
interface Open {
  readonly start: number;
  readonly end: number;
  children: number;
}

const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>/;
const LONGEST_DECLARATION = 200;

/**
 * Reads a body once. It accepts well-formed XML 1.0 in UTF-8 without a document type, processing instructions and a
 * byte order mark. A document type can define entities, which expand, or name files and URLs.
 * @returns undefined if the body is valid
 */
export function scanXml(bytes: Buffer, limits: XmlLimits): BodyFault | undefined {
  return new Scan(bytes, limits).run();
}

class Scan extends BodyScan {
  readonly #limits: XmlLimits;
  readonly #open: Open[] = [];
  #hasRoot = false;

  constructor(bytes: Buffer, limits: XmlLimits) {
    super(bytes);
    this.#limits = limits;
  }

  run(): BodyFault | undefined {
    const declared = DECLARATION.exec(this.bytes.toString('latin1', 0, LONGEST_DECLARATION));
    if (declared !== null) this.at = declared[0].length;
    while (this.at < this.bytes.length) {
      if (!(this.bytes[this.at] === 0x3c ? this.#markup() : this.#text())) return this.fault;
    }
    if (this.#open.length > 0) this.wrong('it is cut off');
    else if (!this.#hasRoot) this.wrong('it has no element');
    return this.fault;
  }

  /** Reads markup that begins with `<`. */
  #markup(): boolean {
    if (this.#begins('</')) return this.#endTag();
    if (this.#begins('<!--')) return this.#comment();
    if (this.#begins('<![CDATA[')) return this.#open.length > 0 ? this.#section() : this.wrong('a text is outside');
    if (this.#begins('<!')) return this.wrong('it has a document type');
    if (this.#begins('<?')) return this.wrong('it has a processing instruction, or a declaration that is none');
    return this.#startTag();
  }

  #startTag(): boolean {
    const start = this.at + 1;
    const end = nameEnd(this.bytes, start);
    if (end < 0) return this.wrong('an element has no name');
    const parent = this.#open.at(-1);
    if (parent === undefined && this.#hasRoot) return this.wrong('it has a second root');
    if (parent !== undefined && !this.#child(parent)) return false;
    if (this.#open.length >= this.#limits.nodeDepth) {
      return this.limit(`it is nested deeper than ${this.#limits.nodeDepth}`);
    }
    this.#hasRoot = true;
    this.at = end;
    if (!this.#attributes()) return false;
    if (this.#begins('/>')) {
      this.at += 2;
      return true;
    }
    if (this.bytes[this.at] !== 0x3e) return this.wrong('a start tag does not end');
    this.at += 1;
    this.#open.push({ start, end, children: 0 });
    return true;
  }

  #attributes(): boolean {
    let names: Set<string> | undefined;
    for (;;) {
      const before = this.at;
      this.space();
      const byte = this.bytes[this.at];
      if (byte === 0x3e || byte === 0x2f || byte === undefined) return true;
      if (this.at === before) return this.wrong('white space before an attribute is missing');
      const end = nameEnd(this.bytes, this.at);
      if (end < 0) return this.wrong('an attribute has no name');
      const name = this.bytes.toString('latin1', this.at, end);
      names ??= new Set();
      if (names.has(name)) return this.wrong('an element has an attribute twice');
      names.add(name);
      if (names.size > this.#limits.attributeCount) {
        return this.limit(`an element has more than ${this.#limits.attributeCount} attributes`);
      }
      this.at = end;
      if (!this.#value()) return false;
    }
  }

  /** Reads `="…"` of an attribute. */
  #value(): boolean {
    this.space();
    if (this.bytes[this.at] !== 0x3d) return this.wrong('an attribute has no value');
    this.at += 1;
    this.space();
    const quote = this.bytes[this.at];
    if (quote !== 0x22 && quote !== 0x27) return this.wrong('the value of an attribute has no quotes');
    this.at += 1;
    const start = this.at;
    while (this.bytes[this.at] !== quote) {
      if (this.bytes[this.at] === 0x3c) return this.wrong('the value of an attribute has a <');
      if (!this.#character()) return false;
    }
    if (this.at - start > this.#limits.attributeLength) {
      return this.limit(`an attribute is longer than ${this.#limits.attributeLength}`);
    }
    this.at += 1;
    return true;
  }

  #endTag(): boolean {
    const top = this.#open.pop();
    const start = this.at + 2;
    if (top === undefined) return this.wrong('an end tag has no start');
    const end = nameEnd(this.bytes, start);
    const name = this.bytes.subarray(top.start, top.end);
    if (end < 0 || !name.equals(this.bytes.subarray(start, end))) return this.wrong('an end tag has another name');
    this.at = end;
    this.space();
    if (this.bytes[this.at] !== 0x3e) return this.wrong('an end tag does not end');
    this.at += 1;
    return true;
  }

  #comment(): boolean {
    const parent = this.#open.at(-1);
    if (parent !== undefined && !this.#child(parent)) return false;
    const start = this.at + 4;
    const end = this.bytes.indexOf('--', start, 'latin1');
    if (end < 0 || this.bytes[end + 2] !== 0x3e) return this.wrong('a comment does not end, or has -- in it');
    if (end - start > this.#limits.commentLength) {
      return this.limit(`a comment is longer than ${this.#limits.commentLength}`);
    }
    return this.#plain(start, end) && this.#skip(end + 3);
  }

  #section(): boolean {
    if (!this.#child(this.#open.at(-1) as Open)) return false;
    const start = this.at + 9;
    const end = this.bytes.indexOf(']]>', start, 'latin1');
    if (end < 0) return this.wrong('a section does not end');
    if (end - start > this.#limits.textLength) return this.limit(`a text is longer than ${this.#limits.textLength}`);
    return this.#plain(start, end) && this.#skip(end + 3);
  }

  #text(): boolean {
    const parent = this.#open.at(-1);
    const start = this.at;
    this.space();
    const isBlank = this.#isAtMarkup();
    if (parent === undefined) return isBlank || this.wrong('a text is outside the root');
    while (!this.#isAtMarkup()) {
      if (this.#begins(']]>')) return this.wrong('a text has ]]>');
      if (!this.#character()) return false;
    }
    const { textLength } = this.#limits;
    if (this.at - start > textLength) return this.limit(`a text is longer than ${textLength}`);
    return isBlank || this.#child(parent);
  }

  #isAtMarkup(): boolean {
    return this.at >= this.bytes.length || this.bytes[this.at] === 0x3c;
  }

  /** Counts one more child of an element. */
  #child(parent: Open): boolean {
    parent.children += 1;
    if (parent.children <= this.#limits.childCount) return true;
    return this.limit(`an element has more than ${this.#limits.childCount} children`);
  }

  /** Reads a character, or a reference to one. */
  #character(): boolean {
    const isReference = this.bytes[this.at] === 0x26;
    const width = isReference ? referenceWidth(this.bytes, this.at) : characterWidth(this.bytes, this.at);
    if (width === 0) {
      if (this.at >= this.bytes.length) return this.wrong('it is cut off');
      return this.wrong(isReference ? 'a reference is to no character' : 'it has a character that is none in XML');
    }
    this.at += width;
    return true;
  }

  /** Reads characters without markup and references. */
  #plain(start: number, end: number): boolean {
    this.at = start;
    while (this.at < end) {
      const width = characterWidth(this.bytes, this.at);
      if (width === 0) return this.wrong('it has a character that is none in XML');
      this.at += width;
    }
    return true;
  }

  #skip(to: number): true {
    this.at = to;
    return true;
  }

  #begins(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[this.at + i] !== text.charCodeAt(i)) return false;
    return true;
  }
}
