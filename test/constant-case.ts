// The lint rule `house/constant-case`: how a module spells its constants. CONTRIBUTING.md has the rule. And the plugin
// of all rules of the house.

import { regexInMatch } from './regex-in-match.ts';

/** The fields of a syntax tree's node that are looked at. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly argument?: Node;
  readonly arguments?: readonly Node[];
  readonly callee?: Node;
  readonly elements?: readonly (Node | null)[];
  readonly expression?: Node;
  readonly expressions?: readonly Node[];
  readonly id?: Node;
  readonly init?: Node;
  readonly left?: Node;
  readonly object?: Node;
  readonly properties?: readonly Node[];
  readonly right?: Node;
  readonly typeAnnotation?: Node | null;
  readonly value?: Node;
}

interface Context {
  readonly sourceCode: { getText(node: Node): string };
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const SCREAMING = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
const CONSTANT =
  ':matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind=const] > VariableDeclarator';

function isData(node?: Node | null): boolean {
  const {
    type,
    name = '',
    argument,
    arguments: given = [],
    callee,
    elements,
    expression,
    expressions,
    left,
    object,
    properties,
    right,
    value,
  } = node ?? { type: '' };
  if (type === 'Literal') return true;
  if (type === 'TemplateLiteral') return expressions?.every(isData) ?? false;
  if (type === 'BinaryExpression') return isData(left) && isData(right);
  if (/^(?:TSAs|TSSatisfies)Expression$/.test(type)) return isData(expression);
  if (/^(?:UnaryExpression|SpreadElement)$/.test(type)) return isData(argument);
  if (type === 'Property') return isData(value);
  if (type === 'Identifier') return SCREAMING.test(name);
  if (type === 'MemberExpression') return /^[A-Z]/.test(object?.name ?? '');
  if (type === 'ArrayExpression') return elements?.every(isData) ?? false;
  if (type === 'ObjectExpression') return properties?.every(isData) ?? false;
  if (type === 'NewExpression')
    return (
      /^(?:Map|Set|RegExp|Uint\w+Array)$/.test(callee?.name ?? '') &&
      given.length > 0 &&
      (callee?.name !== 'Map' || given.every(isData))
    );
  return type === 'CallExpression' && callee?.object?.name === 'Buffer';
}

/** Functions, classes and schemas. */
function isCode(node?: Node): boolean {
  let from = node;
  while (from?.callee !== undefined || from?.object !== undefined) from = from.callee ?? from.object;
  return from?.name === 'z' || /Function|Class/.test(from?.type ?? '');
}

function check({ id, init }: Node, context: Context): void {
  const name = id?.name;
  if (id === undefined || name === undefined) return;
  // An array without `readonly` is state, and a table with a capital is the type of its values too.
  const isState =
    id.typeAnnotation && /^: (?!readonly\b).*\[\]$|=>/s.test(context.sourceCode.getText(id.typeAnnotation));
  const isEnumeration = /^[A-Z]/.test(name) && init?.expression?.type === 'ObjectExpression';
  const isScreaming = SCREAMING.test(name);
  if (isData(init) && !isState && !isEnumeration && !isScreaming)
    context.report({ node: id, message: `${name} is data: spell it in SCREAMING_SNAKE_CASE.` });
  if (isCode(init) && isScreaming) context.report({ node: id, message: `${name} is code: spell it in camelCase.` });
}

export default {
  meta: { name: 'house' },
  rules: {
    'constant-case': { create: (context: Context) => ({ [CONSTANT]: (node: Node) => check(node, context) }) },
    'regex-in-match': regexInMatch,
  },
};
