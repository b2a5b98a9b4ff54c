import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { documentsFolder } from '../e2e/documents.ts';
import { shop } from '../e2e/shop.ts';
import { untilReady } from '../real/process.ts';
import { freePort } from '../real/scratch.ts';
import { buildImage } from './build.ts';
import type { BuiltImage } from './build.ts';
import { addNode, canRunInside, runInside } from './run.ts';

const repository = join(import.meta.dirname, '../..');
let image: BuiltImage;
beforeAll(() => {
  image = buildImage(repository);
  addNode(image.root);
});

describe('the image that the Dockerfile describes', () => {
  test('holds one bundle and nothing of what builds and tests it', () => {
    const files = readdirSync(join(image.root, 'app'));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'THIRD-PARTY-LICENSES', 'main.js', 'sbom.json']));
    const others = files.filter((file) => !/\.js$|^LICENSE$|^THIRD-PARTY-LICENSES$|^sbom\.json$/.test(file));
    expect(others.toSorted()).toEqual(['console', 'package.json']);
    expect(readdirSync(join(image.root, 'app/console'))).toEqual(expect.arrayContaining(['assets', 'index.html']));
    // What tells Node how to read the bundle, and nothing of ours.
    const told: unknown = JSON.parse(readFileSync(join(image.root, 'app/package.json'), 'utf8'));
    expect(told).toEqual({ type: 'commonjs' });
  });

  test('lists its packages in a CycloneDX SBOM, and their licences', () => {
    const sbom = JSON.parse(readFileSync(join(image.root, 'app/sbom.json'), 'utf8')) as Sbom;
    expect(sbom.bomFormat).toBe('CycloneDX');
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(repository, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    const listed = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(listed).toEqual(expect.arrayContaining(Object.keys(dependencies ?? {})));
    // @types/node is a dependency of protobufjs too.
    expect(Object.keys(devDependencies ?? {}).filter((name) => listed.includes(name))).toEqual(['@types/node']);
    const licences = readFileSync(join(image.root, 'app/THIRD-PARTY-LICENSES'), 'utf8');
    expect(licences).toContain('==== node_modules/@grpc/grpc-js/LICENSE');
  });

  test('is unprivileged and labelled', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(image.labels).toMatchObject({
      'org.opencontainers.image.title': 'ostiary',
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
  });

  test("has a folder for what it stores, which is empty and its own user's", () => {
    expect(readdirSync(join(image.root, 'var/lib/ostiary'))).toEqual([]);
    const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`--chown=${image.user} /build/storage /var/lib/ostiary/`);
  });

  test('is small', () => {
    const [kilobytes] = execFileSync('du', ['-sk', join(image.root, 'app')], { encoding: 'utf8' }).split('\t');
    // A quarter of it is the console, most of that the component that shows OpenAPI documents.
    expect(Number(kilobytes)).toBeLessThan(10_000);
  });
});

const inside = canRunInside();
if (!inside) {
  if (process.env['CI'] === 'true') throw new Error('CI must run as root: it starts the image as another user');
  console.warn('SKIPPED, the image is not started: only root can change its root folder and user');
}

describe.skipIf(!inside)('what the image starts, with a read-only root and no privileges', () => {
  test('serves on its ports, is healthy, and ends on SIGTERM', async () => {
    const ports = { checks: await freePort(), admin: await freePort(), api: await freePort() };
    const env = {
      OSTIARY_LISTEN: `:${ports.checks}`,
      OSTIARY_ADMIN_LISTEN: `:${ports.admin}`,
      OSTIARY_API_LISTEN: `127.0.0.1:${ports.api}`,
    };
    expect(image.env).toMatchObject({ OSTIARY_LISTEN: ':9191', OSTIARY_ADMIN_LISTEN: ':9190' });
    const policies = image.env['OSTIARY_POLICIES'] ?? '';
    const service = await runInside(image, image.command, env, { [policies]: documentsFolder(shop) });
    const url = `http://127.0.0.1:${ports.admin}`;
    await untilReady('the image', service, async () => (await fetch(`${url}/readyz`)).ok);
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65532\s+65532\s+65532\s+65532$/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);

    const [program = '', ...args] = image.healthcheck;
    const probe = args.map((arg) => arg.replace('9190', String(ports.admin)));
    expect(await (await runInside(image, [program, ...probe], env, {})).exited).toBe(0);
    service.signal('SIGTERM');
    expect(await service.exited).toBe(0);
    const late = await runInside(image, [program, ...probe], env, {});
    expect(await late.exited).toBe(1);
  });
});

interface Sbom {
  readonly bomFormat: string;
  readonly components: readonly { readonly group?: string; readonly name: string }[];
}
