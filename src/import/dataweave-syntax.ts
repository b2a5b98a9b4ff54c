/** The part of DataWeave that occurs in the expressions of Flex/Omni Gateway's policies. */
export type Node =
  | { readonly kind: 'text' | 'number'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'name'; readonly path: readonly string[] }
  | { readonly kind: 'index'; readonly of: Node; readonly at: string }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'choice'; readonly condition: Node; readonly first: Node; readonly second: Node }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Node[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node };

/** The expression is not supported. */
export class DataWeaveFault extends Error {
  override name = 'DataWeaveFault';
}

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\d+)|([A-Za-z_$][\w$]*(?:::[A-Za-z_][\w]*)*)|(\+\+|==|!=|>=|<=|[<>()[\],.]))/y;
/** Expressions of policies are short and flat; larger ones are refused. */
const MAX_LENGTH = 2048;
const MAX_DEPTH = 32;

/** From the loosest to the tightest. Operators of one level are left-associative. */
const LEVELS: readonly (readonly string[])[] = [
  ['default'],
  ['or'],
  ['and'],
  ['==', '!=', '>=', '<=', '<', '>'],
  ['contains', 'splitBy', '++'],
];

interface Token {
  readonly type: 'text' | 'number' | 'word' | 'sign' | 'end';
  readonly value: string;
}

/** @throws DataWeaveFault */
export function readDataWeave(source: string): Node {
  if (source.length > MAX_LENGTH) throw new DataWeaveFault('too long');
  const reader = new Reader(tokensOf(source.trim()));
  const node = reader.expression(0);
  reader.expect('end');
  return node;
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.length) {
    const found = pattern.exec(source);
    if (found === null) throw new DataWeaveFault('not understood');
    const [, text, number, word, sign] = found;
    if (text !== undefined) tokens.push({ type: 'text', value: textOf(text) });
    else if (number !== undefined) tokens.push({ type: 'number', value: number });
    else if (word !== undefined) tokens.push({ type: 'word', value: word });
    else tokens.push({ type: 'sign', value: sign as string });
  }
  return tokens;
}

function textOf(quoted: string): string {
  const text = quoted.slice(1, -1);
  // A character after a backslash or a dollar sign has a meaning of its own.
  if (/[\\$]/.test(text)) throw new DataWeaveFault('not understood');
  return text;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expression(level: number): Node {
    if (++this.#depth > MAX_DEPTH * LEVELS.length) throw new DataWeaveFault('too deep');
    const node = level === 0 && this.#takes('if') ? this.#choice() : this.#level(level);
    this.#depth--;
    return node;
  }

  expect(value: string): void {
    if (!this.#takes(value)) throw new DataWeaveFault(`expected ${value}`);
  }

  #level(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#selected();
    let left = this.expression(level + 1);
    for (;;) {
      const operator = operators.find((each) => this.#takes(each));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.expression(level + 1) };
    }
  }

  #choice(): Node {
    this.expect('(');
    const condition = this.expression(0);
    this.expect(')');
    const first = this.expression(0);
    this.expect('else');
    return { kind: 'choice', condition, first, second: this.expression(0) };
  }

  #selected(): Node {
    let node = this.#primary();
    for (;;) {
      if (this.#takes('.')) node = within(node, this.#next('word'));
      else if (this.#takes('[')) {
        const { type } = this.#token;
        node =
          type === 'number' ? { kind: 'index', of: node, at: this.#next('number') } : within(node, this.#next('text'));
        this.expect(']');
      } else return node;
    }
  }

  #primary(): Node {
    const { type, value } = this.#token;
    if (this.#takes('not')) return { kind: 'not', of: this.#selected() };
    if (this.#takes('(')) {
      const node = this.expression(0);
      this.expect(')');
      return node;
    }
    if (this.#takes('[')) return { kind: 'list', items: this.#list(']') };
    if (type === 'text' || type === 'number') {
      this.#at++;
      return { kind: type, value };
    }
    const name = this.#next('word');
    return this.#takes('(') ? { kind: 'call', name, arguments: this.#list(')') } : { kind: 'name', path: [name] };
  }

  #list(close: string): readonly Node[] {
    const items: Node[] = [];
    while (!this.#takes(close)) {
      if (items.length > 0) this.expect(',');
      items.push(this.expression(0));
    }
    return items;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { type: 'end', value: 'end' };
  }

  #next(expected: Token['type']): string {
    const { type, value } = this.#token;
    if (type !== expected) throw new DataWeaveFault(`expected ${expected}`);
    this.#at++;
    return value;
  }

  #takes(value: string): boolean {
    const token = this.#token;
    if (token.value !== value || token.type === 'text' || token.type === 'number') return false;
    if (token.type !== 'end') this.#at++;
    return true;
  }
}

function within(node: Node, key: string): Node {
  if (node.kind !== 'name') throw new DataWeaveFault('only names have parts');
  return { kind: 'name', path: [...node.path, key] };
}
