import { scan } from './scan.ts';
import type { Token } from './scan.ts';
import { CelFault, childrenOf } from './syntax.ts';
import type { FoldName, Node } from './syntax.ts';

/** The most characters that an expression may have. */
export const LONGEST_SOURCE = 8192;
/** The deepest nesting of nodes. */
export const DEEPEST_NESTING = 64;

/** A node before its depth is computed. */
type Unmeasured = Node extends infer N ? (N extends Node ? Omit<N, 'depth'> : never) : never;

const RELATIONS = new Set(['<', '<=', '>', '>=', '==', '!=', 'in']);
const SUMS = new Set(['+', '-']);
const PRODUCTS = new Set(['*', '/', '%']);
const KEYWORDS = new Set(['in', 'true', 'false', 'null']);
/** Words that CEL reserves: no variable may have such a name. */
const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const FOLDS: ReadonlyMap<string, FoldName> = new Map([
  ['all', 'all'],
  ['exists', 'exists'],
  ['exists_one', 'exists_one'],
  ['existsOne', 'exists_one'],
  ['map', 'map'],
  ['filter', 'filter'],
]);

/**
 * Parses an expression of CEL (https://github.com/google/cel-spec, langdef.md). Messages of protobuf and optional
 * values are not known here.
 * @throws CelFault
 */
export function parse(source: string): Node {
  if (source.length > LONGEST_SOURCE) {
    throw new CelFault(`the expression has ${source.length} characters, and may have ${LONGEST_SOURCE}`, 0, source);
  }
  return new Parser(source).whole();
}

function unexpected(text: string): string {
  const sign = { and: '&&', or: '||' }[text.toLowerCase()];
  return `${JSON.stringify(text)} is not expected here${sign === undefined ? '' : `; write ${sign}`}`;
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #open = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = scan(source);
  }

  whole(): Node {
    const node = this.#expression();
    const { kind, text, at } = this.#token;
    if (kind !== 'end') throw this.#fault(unexpected(text), at);
    return node;
  }

  /** Every nested expression passes through here, so the depth of the stack is bounded too. */
  #expression(): Node {
    if (++this.#open > DEEPEST_NESTING) throw this.#tooDeep(this.#token.at);
    const condition = this.#chain('||', 'or', () => this.#chain('&&', 'and', () => this.#binary(0)));
    const at = this.#token.at;
    let node = condition;
    if (this.#take('?')) {
      const chosen = this.#chain('||', 'or', () => this.#chain('&&', 'and', () => this.#binary(0)));
      this.#expect(':');
      node = this.#node({ kind: 'conditional', at, condition, chosen, otherwise: this.#expression() });
    }
    this.#open--;
    return node;
  }

  #chain(sign: '&&' | '||', kind: 'and' | 'or', read: () => Node): Node {
    const first = read();
    const at = this.#token.at;
    if (!this.#take(sign)) return first;
    const terms = [first];
    do terms.push(read());
    while (this.#take(sign));
    return this.#node({ kind, at, terms });
  }

  /** Relations, sums and products, left-associative. Each binds more tightly than the one before. */
  #binary(level: number): Node {
    const signs = [RELATIONS, SUMS, PRODUCTS][level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text, at } = this.#token;
      if (kind === 'literal' || !signs.has(text)) return left;
      this.#next++;
      const name = text === 'in' ? '@in' : `_${text}_`;
      left = this.#node({ kind: 'call', at, name, target: undefined, args: [left, this.#binary(level + 1)] });
    }
  }

  #unary(): Node {
    const { at, text, kind } = this.#token;
    if (kind !== 'sign' || (text !== '!' && text !== '-')) return this.#member(this.#primary());
    this.#next++;
    const { kind: nextKind, value, at: nextAt } = this.#token;
    // A minus before a number is a part of it. Otherwise the least int could not be written.
    if (text === '-' && nextKind === 'literal' && (typeof value === 'bigint' || typeof value === 'number')) {
      this.#next++;
      return this.#member(this.#node({ kind: 'constant', at, value: -value }));
    }
    if (++this.#open > DEEPEST_NESTING) throw this.#tooDeep(nextAt);
    const operand = this.#token.text === text ? this.#unary() : this.#member(this.#primary());
    this.#open--;
    return this.#node({ kind: 'call', at, name: text === '!' ? '!_' : '-_', target: undefined, args: [operand] });
  }

  #member(first: Node): Node {
    let operand = first;
    for (;;) {
      const { at } = this.#token;
      if (this.#take('[')) {
        const index = this.#expression();
        this.#expect(']');
        operand = this.#node({ kind: 'index', at, operand, index });
      } else if (this.#take('.')) {
        const { kind, text, at: nameAt } = this.#token;
        if (kind !== 'name' || KEYWORDS.has(text))
          throw this.#fault('the name of a field or a function is expected', nameAt);
        this.#next++;
        operand = this.#take('(')
          ? this.#method(operand, text, nameAt)
          : this.#node({ kind: 'select', at: nameAt, operand, field: text });
      } else {
        return operand;
      }
    }
  }

  #method(target: Node, name: string, at: number): Node {
    const args = this.#items(')');
    const fold = FOLDS.get(name);
    const [variable, ...rest] = args;
    const isFold = fold !== undefined && (args.length === 2 || (args.length === 3 && fold === 'map'));
    if (!isFold) return this.#node({ kind: 'call', at, name, target, args });
    if (variable?.kind !== 'name') throw this.#fault(`${name} needs the name of a variable first`, variable?.at ?? at);
    const body = rest.at(-1) as Node;
    const filter = rest.length === 2 ? rest[0] : undefined;
    return this.#node({ kind: 'fold', at, name: fold, range: target, variable: variable.name, filter, body });
  }

  #primary(): Node {
    const { kind, text, at, value } = this.#token;
    if (kind === 'literal' && value !== undefined) {
      this.#next++;
      if (value === 2n ** 63n) throw this.#fault('the number does not fit 64 bits', at);
      return this.#node({ kind: 'constant', at, value });
    }
    if (kind === 'name') return this.#named(text, at);
    this.#next++;
    if (text === '(' && kind === 'sign') {
      const node = this.#expression();
      this.#expect(')');
      return node;
    }
    if (text === '[') return this.#node({ kind: 'list', at, items: this.#items(']') });
    if (text === '{') return this.#map(at);
    throw this.#fault(kind === 'end' ? 'the expression ends too early' : unexpected(text), at);
  }

  #named(text: string, at: number): Node {
    this.#next++;
    if (text === 'true' || text === 'false') return this.#node({ kind: 'constant', at, value: text === 'true' });
    if (text === 'null') return this.#node({ kind: 'constant', at, value: null });
    if (text === 'in' || RESERVED.has(text)) throw this.#fault(`${JSON.stringify(text)} is a word of CEL's own`, at);
    if (!this.#take('(')) return this.#node({ kind: 'name', at, name: text });
    const args = this.#items(')');
    if (text !== 'has') return this.#node({ kind: 'call', at, name: text, target: undefined, args });
    const [selected] = args;
    if (args.length !== 1 || selected?.kind !== 'select') {
      throw this.#fault('has needs one field, as in has(claims.email)', at);
    }
    return this.#node({ kind: 'has', at, operand: selected.operand, field: selected.field });
  }

  /** Items with commas between them, up to the closing sign. */
  #items(end: ')' | ']'): readonly Node[] {
    const items: Node[] = [];
    while (!this.#take(end)) {
      if (items.length > 0) {
        this.#expect(',', end);
        if (end === ']' && this.#take(end)) return items;
      }
      items.push(this.#expression());
    }
    return items;
  }

  #map(at: number): Node {
    const entries: (readonly [Node, Node])[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) {
        this.#expect(',', '}');
        if (this.#take('}')) break;
      }
      const key = this.#expression();
      this.#expect(':');
      entries.push([key, this.#expression()]);
    }
    return this.#node({ kind: 'map', at, entries });
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #take(sign: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== 'sign' || text !== sign) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string, or?: string): void {
    if (this.#take(sign)) return;
    const { text, at } = this.#token;
    const wanted = [sign, ...(or === undefined ? [] : [or])].map((one) => JSON.stringify(one)).join(' or ');
    throw this.#fault(`${wanted} is expected, not ${this.#token.kind === 'end' ? text : JSON.stringify(text)}`, at);
  }

  #node(node: Unmeasured): Node {
    const depth = 1 + Math.max(0, ...childrenOf(node as Node).map((child) => child.depth));
    if (depth > DEEPEST_NESTING) throw this.#tooDeep(node.at);
    return { ...node, depth };
  }

  #tooDeep(at: number): CelFault {
    return this.#fault(`the expression is nested more than ${DEEPEST_NESTING} deep here`, at);
  }

  #fault(message: string, at: number): CelFault {
    return new CelFault(message, at, this.#source);
  }
}
