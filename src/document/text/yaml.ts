import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, visit } from 'yaml';
import type { CST, Document, YAMLParseError } from 'yaml';
import type { Issue } from '../issues.ts';
import type { TextFault } from './json-check.ts';
import type { Parsed } from './json.ts';
import { inspectValue, MAX_DEPTH, MAX_DOCUMENT_BYTES } from './value.ts';
import { readPlainYaml } from './yaml-plain.ts';
import { splitYaml } from './yaml-split.ts';

/** The largest text for the full parser. At worst it takes about a second, and Checks wait in that time. */
const MAX_PARSED_BYTES = 256 * 1024;

/** The most tokens: a mapping in a list in a mapping takes several for each level. */
const MAX_OPEN_TOKENS = 3 * MAX_DEPTH;

interface Readable {
  readonly value: unknown;
  readonly issues: readonly Issue[];
}

/** The documents of a YAML 1.2 file. */
export function* readYaml(text: string): Generator<Parsed> {
  for (const { start, end } of splitYaml(text)) {
    const part = text.slice(start, end);
    const read = readPart(part);
    yield 'faults' in read
      ? { start, end, faults: read.faults.map(({ offset, message }) => ({ offset: start + offset, message })) }
      : { start, end, ...read };
  }
}

function readPart(part: string): Readable | { readonly faults: readonly TextFault[] } {
  const plain = part.length > MAX_DOCUMENT_BYTES ? undefined : readPlainYaml(part);
  if (plain !== undefined) return { value: plain, issues: inspectValue(plain).issues };
  if (part.length <= MAX_PARSED_BYTES) return readAnyYaml(part);
  const message = `a document is at most ${MAX_PARSED_BYTES} characters; "---" on a line of its own begins another`;
  return { faults: [{ offset: 0, message }] };
}

/** Reads one document with the full parser. */
export function readAnyYaml(part: string): Readable | { readonly faults: readonly TextFault[] } {
  const directive = /^(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*%/.exec(part);
  if (directive !== null) {
    return { faults: [{ offset: directive[0].length - 1, message: 'directives such as %YAML are not supported' }] };
  }
  const document = compose(part);
  if ('offset' in document) return { faults: [document] };
  const faults = [...[...document.errors, ...document.warnings].map((error) => toFault(error)), ...faultsOf(document)];
  if (faults.length > 0) return { faults };
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  return { value, issues: inspectValue(value).issues };
}

/** Composes one document; a fault where it is nested too deeply for a parser that recurses. */
function compose(part: string): Document.Parsed | TextFault {
  const composer = new Composer({
    prettyErrors: false,
    logLevel: 'silent',
    stringKeys: true,
    resolveKnownTags: false,
    // Its own check compares each key with all others; `faultsOf` needs one look-up.
    uniqueKeys: false,
  });
  const parser = new Parser();
  let tooDeepAt: number | undefined;
  const tokens = function* (): Generator<CST.Token> {
    for (const lexeme of new Lexer().lex(part)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > MAX_OPEN_TOKENS) {
        tooDeepAt = Math.min(parser.offset, part.length);
        parser.stack.length = 0;
        return;
      }
    }
    yield* parser.end();
  };
  const [document] = composer.compose(tokens(), true, part.length);
  if (tooDeepAt !== undefined) return { offset: tooDeepAt, message: `nested more than ${MAX_DEPTH} levels deep` };
  return document as Document.Parsed;
}

/** Where the parser's own message holds what was written. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['TAG_RESOLVE_FAILED', 'Unresolved tag'],
  ['BAD_COLLECTION_TYPE', 'A tag that does not fit its value'],
  ['BAD_DIRECTIVE', 'A directive that is not understood'],
  ['BAD_DQ_ESCAPE', 'Invalid escape sequence: a backslash in double quotes is written twice'],
]);

function toFault({ code, pos, message }: Pick<YAMLParseError, 'code' | 'pos' | 'message'>): TextFault {
  // Other messages end with the source, which may be a secret, after a colon.
  const sentence = SENTENCES.get(code) ?? (message.split(/:|\n/, 1)[0] ?? '').slice(0, 200);
  return { offset: pos[0], message: `not valid YAML: ${sentence}` };
}

/** What YAML allows and documents do not. */
function faultsOf(document: Document.Parsed): readonly TextFault[] {
  const faults: TextFault[] = [];
  visit(document, {
    Alias(_, alias) {
      const message = 'aliases such as *name are not supported: write the value out';
      faults.push({ offset: alias.range?.[0] ?? 0, message });
    },
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          faults.push({ offset: key.range?.[0] ?? 0, message: 'duplicate key: it is given twice in this mapping' });
        }
        seen.add(key.value);
      }
    },
  });
  return faults;
}

/** The offset of a path in the part of a file that is one document; what is not there has the place of what would hold it. */
export function locateInYaml(part: string): (path: readonly PropertyKey[], at: 'key' | 'value') => number {
  const document = part.length > MAX_PARSED_BYTES ? undefined : compose(part);
  if (document === undefined || 'offset' in document) return () => 0;
  return (path, at) => {
    let node: unknown = document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const [depth, step] of path.entries()) {
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
        if (pair === undefined) return offset;
        const keyOffset = offsetOf(pair.key);
        // A mapping in block style begins on a line of its own: its name is the better place.
        offset = keyOffset ?? offset;
        if (depth === path.length - 1 && at === 'key') return offset;
        next = pair.value;
        if (isScalar(next) || isAlias(next) || (isNodeInFlow(next) && depth === path.length - 1))
          offset = offsetOf(next) ?? offset;
      } else if (isSeq(node) && typeof step === 'number') {
        next = node.items[step];
        offset = offsetOf(next) ?? offset;
      }
      if (next === undefined || next === null) return offset;
      node = next;
    }
    return offset;
  };
}

function isNodeInFlow(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range?.[0];
}
