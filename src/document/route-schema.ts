import { z } from 'zod';
import { MOST_SEGMENTS, routeKey } from '../snapshot/route-index.ts';
import { basePath, name } from './fields.ts';

const LONGEST_PATH = 1024;
const MOST_ROUTES = 1000;

/** What is wrong with a template of paths, and the remedy. */
export function templateProblem(path: string): string | undefined {
  if (path.length > LONGEST_PATH) return `expected at most ${LONGEST_PATH} characters`;
  const bare = path.replaceAll(/\{[^{}/]+\}/g, 'x');
  if (/[{}]/.test(bare)) return 'expected a name in each pair of braces, inside one segment, such as "/orders/{id}"';
  if (/\{[^{}/]+\}\{/.test(path)) return 'expected text between two parameters: nobody can tell where one ends';
  if (bare.split('/').length > MOST_SEGMENTS) return `expected at most ${MOST_SEGMENTS} segments`;
  return basePath.safeParse(bare).error?.issues[0]?.message;
}

const template = z.string().superRefine((value, context) => {
  const message = templateProblem(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const method = z.string().regex(/^[A-Z][A-Z-]{1,30}$/, 'expected a method such as GET, in capitals');

const route = z.strictObject({
  name: name.optional().describe('Told in place of base path and template'),
  methods: z.array(method).min(1).max(20).optional().describe('Absent: any; GET covers HEAD'),
  path: template.describe('Below the base path; "{id}" is one segment or a part of it'),
});

type Route = z.output<typeof route>;

const routes = z
  .array(route)
  .min(1)
  .max(MOST_ROUTES)
  .superRefine((list, context) => {
    const known = new Map<string, number[]>();
    for (const [index, each] of list.entries()) {
      const key = routeKey(each.path);
      const others = known.get(key) ?? [];
      known.set(key, [...others, index]);
      const twin = others.find((other) => shareMethod(list[other] as Route, each));
      if (twin === undefined) continue;
      const message = `matches the same requests as routes[${twin}]: leave one out, or give them different methods`;
      context.addIssue({ code: 'custom', path: [index, 'path'], message });
    }
  });

function shareMethod({ methods: some }: Route, { methods: others }: Route): boolean {
  if (some === undefined || others === undefined) return some === others;
  return some.some((each) => others.includes(each));
}

/** What analytics show in place of a request's path. */
export const routeFields = {
  routes: routes.optional().describe('Templates that analytics tell in place of paths. No decision depends on them'),
  openapi: z
    .strictObject({ file: z.string().min(1).describe('An OpenAPI document, YAML or JSON; relative to this document') })
    .optional()
    .describe('Its paths are routes too'),
};
