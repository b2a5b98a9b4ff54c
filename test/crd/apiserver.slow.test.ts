import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { parse } from 'yaml';
import { accessGrantSpec, apiBindingSpec } from '../../src/crd/binding-schema.ts';
import { documentOf, isDocumentKind } from '../../src/crd/document-of.ts';
import { grantOf } from '../../src/crd/grants.ts';
import { objectOf } from '../../src/crd/object-of.ts';
import { alertOfObject, apiOfObject } from '../../src/crd/spec-forms.ts';
import { documentSchemas } from '../../src/document/schema.ts';
import type { Kind } from '../../src/document/schema.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { partOrSkip } from '../real/parts.ts';
import { badApis } from './bad-apis.ts';
import { badOthers } from './bad-others.ts';
import type { Case } from './case.ts';
import { controllerAlone } from './controller-alone.ts';
import { good } from './good-cases.ts';
import { rightInCluster, wrongInCluster } from './cluster-kinds.ts';
import { clusterWithKinds, NAMESPACE } from './cluster.ts';
import type { ClusterWithKinds } from './cluster.ts';
import { writtenDocuments } from './written.ts';

type Json = Readonly<Record<string, unknown>>;

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];
const CONTEXT = { cluster: undefined, grants: [], resolveSecret: () => ({ text: 'a secret' }) };

function documentOfCase({ kind, spec, metadata }: Case): Json & { readonly metadata: Json; readonly spec: Json } {
  const own = JSON.parse(JSON.stringify(spec)) as Json;
  return {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind,
    metadata: { name: 'a', namespace: NAMESPACE, ...metadata },
    spec: own,
  };
}

/** What the schema of documents says. */
function faultsOf(document: Json): readonly string[] {
  const { error } = documentSchemas[document['kind'] as Kind].safeParse(document);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** The object that says what a document says, right or wrong. */
function objectLike(document: ReturnType<typeof documentOfCase>): Json {
  const { kind, spec, metadata } = document;
  const { name, namespace, labels, annotations, ...catalog } = metadata;
  const forms: Readonly<Record<string, (spec: Json) => Json>> = {
    Api: apiOfObject,
    Alert: alertOfObject,
    ClientApplication: (value) => withSecretRefs(value) as Json,
  };
  return {
    apiVersion: document['apiVersion'],
    kind,
    metadata: JSON.parse(JSON.stringify({ name, namespace, labels, annotations })) as Json,
    spec: { ...(forms[String(kind)]?.(spec) ?? spec), ...(Object.keys(catalog).length > 0 && { catalog }) },
  };
}

function withSecretRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecretRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === 'value' || key === 'file' ? ['secretRef', { name: 'web', key: 'secret' }] : [key, withSecretRefs(item)],
    ),
  );
}

const text = (each: Case): string =>
  `${each.kind} ${JSON.stringify(each.spec).slice(0, 200)} ${JSON.stringify(each.metadata ?? {})}`;

describe.skipIf(parts.includes(undefined))('a real API server', () => {
  let cluster: ClusterWithKinds;
  beforeAll(async () => {
    cluster = await clusterWithKinds();
  }, 120_000);
  afterAll(() => cluster?.kubernetes.stop());

  it('accepts as objects what is right as documents', async () => {
    const refused: string[] = [];
    for (const each of good) {
      const document = documentOfCase(each);
      expect([text(each), faultsOf(document)]).toEqual([text(each), []]);
      const made = objectOf(document, CONTEXT);
      if ('faults' in made) throw new Error(JSON.stringify([each, made.faults]));
      const { isAccepted, message } = await cluster.judge(made.object);
      if (!isAccepted) refused.push(`${text(each)}: ${message}`);
    }
    expect(refused).toEqual([]);
  });

  it('refuses what is wrong', async () => {
    const accepted: string[] = [];
    for (const each of [...badApis, ...badOthers]) {
      const document = documentOfCase(each);
      expect([text(each), faultsOf(document).length > 0]).toEqual([text(each), true]);
      if ((await cluster.judge(objectLike(document))).isAccepted) accepted.push(text(each));
    }
    expect(accepted).toEqual([]);
  });

  it.each(Object.entries(controllerAlone))('leaves to the controller: %s', async (_, cases) => {
    for (const each of cases) {
      const document = documentOfCase(each);
      expect([text(each), faultsOf(document).length > 0]).toEqual([text(each), true]);
      const object = objectLike(document);
      expect([text(each), (await cluster.judge(object)).message]).toEqual([text(each), '']);
      const made = documentOf(object, CONTEXT);
      expect('faults' in made && made.faults.every(({ condition }) => condition === 'Accepted')).toBe(true);
    }
  });

  it('accepts what is right of the kinds that are its own, refuses what is wrong, and so does whoever reads them', async () => {
    const schemas: Readonly<Record<string, z.ZodType>> = { ApiBinding: apiBindingSpec, AccessGrant: accessGrantSpec };
    const asked = [
      ...rightInCluster.map((each) => [each, true] as const),
      ...wrongInCluster.map((each) => [each, false] as const),
    ];
    for (const [each, isRight] of asked) {
      const { isAccepted, message } = await cluster.judge(objectLike(documentOfCase(each)));
      expect([text(each), message, isAccepted]).toEqual([text(each), isRight ? '' : expect.anything(), isRight]);
      expect([text(each), schemas[each.kind]?.safeParse(each.spec).success]).toEqual([text(each), isRight]);
    }
  });

  it('accepts the objects of the page about them, which are documents', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/kubernetes-objects.md'), 'utf8');
    const objects = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => parse(block) as Json);
    expect(objects.map(({ kind }) => kind)).toEqual(['Api', 'AccessGrant']);
    for (const object of objects) expect((await cluster.judge(object)).message).toBe('');
    const grants = objects.flatMap((object) => grantOf(object) ?? []);
    const made = documentOf(objects[0] ?? {}, { ...CONTEXT, grants });
    expect(made).toMatchObject({
      document: { spec: { guests: [{ namespace: 'partner', basePath: '/orders/returns' }] } },
      read: ['ldap'],
    });
    const { policies } = (made as unknown as { document: { spec: { policies: readonly { config: unknown }[] } } })
      .document.spec;
    expect(
      policyKinds.get('ldap-authentication')?.options.safeParse(policies[0]?.config).error?.issues,
    ).toBeUndefined();
  });

  it('accepts as objects what the pages show as documents', async () => {
    let count = 0;
    for (const { where, document } of writtenDocuments()) {
      const { kind } = document;
      if (!isDocumentKind(kind) || !documentSchemas[kind].safeParse(document).success) continue;
      const metadata = document['metadata'] as Json;
      const made = objectOf({ ...document, metadata: { ...metadata, namespace: NAMESPACE } }, CONTEXT);
      if ('faults' in made) throw new Error(`${where}: ${JSON.stringify(made.faults)}`);
      const { message } = await cluster.judge(made.object);
      expect([where, message]).toEqual([where, '']);
      count += 1;
    }
    expect(count).toBeGreaterThan(100);
  });
});
