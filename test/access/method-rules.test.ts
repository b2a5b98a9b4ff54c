import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { methodRule, ruledPaths } from '../../src/access/method-rules.ts';

/** Sidecars serve them; the control plane passes questions of the first on. */
const OF_SIDECARS: readonly string[] = ['ostiary.v1.InspectionService', 'ostiary.v1.ProbeService'];

/** All services of the generated code, whoever serves them. */
async function generatedServices(): Promise<readonly DescService[]> {
  const folder = join(import.meta.dirname, '../../gen/ostiary/v1');
  const files = readdirSync(folder).filter((name) => name.endsWith('_pb.js'));
  const modules = await Promise.all(
    files.map((name) => import(join(folder, name)) as Promise<Readonly<Record<string, unknown>>>),
  );
  const found = modules.flatMap((module) => Object.values(module) as readonly { readonly kind?: unknown }[]);
  return found.filter((each) => each.kind === 'service') as unknown as readonly DescService[];
}

test('every method of every service has a rule', async () => {
  const services = (await generatedServices()).filter(({ typeName }) => !OF_SIDECARS.includes(typeName));
  expect(services.length).toBeGreaterThan(9);
  const paths = services.flatMap(({ methods, typeName }) => methods.map(({ name }) => `/${typeName}/${name}`));
  expect(ruledPaths().toSorted()).toEqual(paths.toSorted());
  for (const path of paths) expect(methodRule(path)).toBeDefined();
});

test('what is no method of a control plane has no rule', () => {
  for (const path of [
    '',
    '/',
    `/${OF_SIDECARS[0]}/Explain`,
    `/${OF_SIDECARS[1]}/TellProbe`,
    '/ostiary.v1.ResourceService/Destroy',
    '/ostiary.v1.ResourceService/get',
  ]) {
    expect(methodRule(path)).toBeUndefined();
  }
});
