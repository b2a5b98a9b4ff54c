import { compileCelSelection } from '../policy/cel-expression.ts';
import { DataWeaveFault, readDataWeave } from './dataweave-syntax.ts';
import type { Node } from './dataweave-syntax.ts';

/** A part of an expression in CEL. */
interface Cel {
  readonly text: string;
  /** A condition that is true if the request has the value; absent if every request has it. */
  readonly present?: string;
  readonly isList?: boolean;
}

const PLAIN: ReadonlyMap<string, string> = new Map([
  ['attributes.method', 'request.method'],
  ['attributes.requestPath', 'request.path'],
  ['attributes.requestUri', 'request.rawPath'],
  ['attributes.scheme', 'request.scheme'],
  ['attributes.remoteAddress', 'request.address'],
  ['attributes.localAddress', 'destination.address'],
]);

const OF_CLIENT: ReadonlyMap<string, string> = new Map([
  ['authentication.clientId', 'client.id'],
  ['authentication.clientName', 'client.name'],
]);

/** Maps, and whether their keys are case-insensitive. */
const MAPS: readonly (readonly [prefix: string, map: string, anyCase: boolean])[] = [
  ['attributes.headers', 'request.headers', true],
  ['attributes.queryParams', 'request.query', false],
  ['vars.claimSet', 'claims', false],
  ['authentication.properties.claims', 'claims', false],
];

const METHODS: ReadonlyMap<string, string> = new Map([
  ['lower', 'lowerAscii'],
  ['upper', 'upperAscii'],
  ['trim', 'trim'],
]);

/**
 * Returns CEL with the same value; undefined if there is none. It is a proposal, which people read before they use
 * it.
 */
export function celOfDataWeave(expression: string): string | undefined {
  const body = /^\s*#\[([\s\S]*)\]\s*$/.exec(expression)?.[1];
  if (body === undefined) return undefined;
  try {
    const { text } = celOf(readDataWeave(body));
    compileCelSelection(text);
    return text;
  } catch (error) {
    if (error instanceof DataWeaveFault || error instanceof TypeError) return undefined;
    throw error;
  }
}

function celOf(node: Node): Cel {
  switch (node.kind) {
    case 'text':
      return { text: quoted(node.value) };
    case 'number':
      return { text: node.value };
    case 'list':
      return { text: `[${node.items.map((item) => celOf(item).text).join(', ')}]`, isList: true };
    case 'name':
      return celOfName(node.path);
    case 'index':
      return { text: `${celOf(node.of).text}[${node.at}]` };
    case 'not':
      return { text: `!(${celOf(node.of).text})` };
    case 'choice':
      return { text: `(${celOf(node.condition).text} ? ${celOf(node.first).text} : ${celOf(node.second).text})` };
    case 'call':
      return celOfCall(node.name, node.arguments);
    default:
      return celOfBinary(node.operator, node.left, node.right);
  }
}

function celOfName(path: readonly string[]): Cel {
  const dotted = path.join('.');
  const plain = PLAIN.get(dotted);
  if (plain !== undefined) return { text: plain };
  const ofClient = OF_CLIENT.get(dotted);
  if (ofClient !== undefined) return { text: ofClient, present: `has(${ofClient})` };
  for (const [prefix, map, anyCase] of MAPS) {
    const depth = prefix.split('.').length;
    const key = path[depth];
    if (path.length !== depth + 1 || key === undefined || path.slice(0, depth).join('.') !== prefix) continue;
    const name = quoted(anyCase ? key.toLowerCase() : key);
    return { text: `${map}[${name}]`, present: `${name} in ${map}` };
  }
  throw new DataWeaveFault(`there is no ${dotted} here`);
}

function celOfCall(name: string, given: readonly Node[]): Cel {
  const [first, second] = given.map((each) => celOf(each).text);
  const method = METHODS.get(name);
  if (method !== undefined && first !== undefined && given.length === 1) return { text: `${first}.${method}()` };
  if (name === 'sizeOf' && first !== undefined && given.length === 1) return { text: `size(${first})` };
  if (first !== undefined && second !== undefined && given.length === 2) {
    switch (name.replace('dw::core::Strings::', '')) {
      case 'substringAfter':
        return {
          text: `(${first}.contains(${second}) ? ${first}.substring(${first}.indexOf(${second}) + size(${second})) : '')`,
        };
      case 'substringBefore':
        return { text: `(${first}.contains(${second}) ? ${first}.substring(0, ${first}.indexOf(${second})) : '')` };
    }
  }
  throw new DataWeaveFault(`there is no ${name} here`);
}

function celOfBinary(operator: string, left: Node, right: Node): Cel {
  const [a, b] = [celOf(left), celOf(right)];
  switch (operator) {
    case 'or':
      return { text: `(${a.text} || ${b.text})` };
    case 'and':
      return { text: `(${a.text} && ${b.text})` };
    case '++':
      return { text: `${a.text} + ${b.text}` };
    case 'contains':
      return { text: a.isList === true ? `${b.text} in ${a.text}` : `${a.text}.contains(${b.text})` };
    case 'splitBy':
      return { text: `${a.text}.split(${b.text})`, isList: true };
    case 'default':
      if (a.present === undefined) throw new DataWeaveFault('it is always there');
      return { text: `(${a.present} ? ${a.text} : ${b.text})` };
    default:
      return { text: `${a.text} ${operator} ${b.text}` };
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
