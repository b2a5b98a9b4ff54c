// The lint rule `house/regex-in-match`: vitest's `toMatchObject` takes a regular expression for a match of anything.

/** The fields of a syntax tree's node that are looked at. */
interface Node {
  readonly type: string;
  readonly arguments?: readonly Node[];
  readonly elements?: readonly (Node | null)[];
  readonly properties?: readonly Node[];
  readonly regex?: object;
  readonly value?: Node;
}

interface Context {
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const MATCH = "CallExpression[callee.property.name='toMatchObject']";

function regexesIn(node: Node | null): readonly Node[] {
  if (node === null) return [];
  const { type, elements = [], properties = [], regex, value } = node;
  if (type === 'Literal') return regex === undefined ? [] : [node];
  if (type === 'Property') return value === undefined ? [] : regexesIn(value);
  return [...elements, ...properties].flatMap(regexesIn);
}

export const regexInMatch = {
  create: (context: Context) => ({
    [MATCH]: ({ arguments: given = [] }: Node) => {
      for (const node of given.flatMap(regexesIn))
        context.report({ node, message: 'This matches anything: write expect.stringMatching(…).' });
    },
  }),
};
