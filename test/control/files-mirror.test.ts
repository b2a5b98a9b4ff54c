import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CurrentIndex } from '../../src/control/current-index.ts';
import { FilesMirror } from '../../src/control/files-mirror.ts';
import type { FilesMirrorPorts } from '../../src/control/files-mirror.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { OpenedRegistry } from '../../src/registry/open.ts';
import type { FilesInForce } from '../../src/serve/embedded-control.ts';
import { document } from '../document/documents.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openAt } from '../registry/opened.ts';
import { resource } from '../source/memory-source.ts';

let opened: OpenedRegistry;
let told: string[];
beforeEach(async () => {
  told = [];
  opened = await openAt({ dataDir: join(scratchFolder('mirror'), 'data'), databaseUrl: undefined });
});
afterEach(() => opened.close());

function mirrorOf(more: Partial<FilesMirrorPorts> = {}): FilesMirror {
  const { registry } = opened;
  return new FilesMirror({
    registry,
    index: new CurrentIndex(registry),
    policyKinds,
    timers: { after: (_ms, callback) => (setImmediate(callback), () => {}) },
    onFault: (detail) => told.push(detail),
    ...more,
  });
}

/** An API in a file of its name. */
const inFile = (name: string, basePath = `/${name}`) => ({
  loaded: resource('Api', name, { basePath }),
  file: `policies/${name}.yaml`,
  written: document('Api', name, { basePath }),
});
const files = (...documents: FilesInForce['documents']): FilesInForce => ({ documents, mayStay: () => false });

async function write(mirror: FilesMirror, ...all: readonly FilesInForce[]): Promise<void> {
  for (const each of all) mirror.take(each);
  while (!(await isIdle(mirror)));
}
const isIdle = async (mirror: FilesMirror): Promise<boolean> => {
  await new Promise((resolve) => setImmediate(resolve));
  return mirror.isIdle;
};

async function contents(): Promise<readonly string[]> {
  const { resources } = await opened.registry.snapshot();
  return resources.map(({ kind, name, owner, set }) => `${kind} ${name} ${owner} ${set}`).toSorted();
}

test('keeps what is in force of files, with the owner files and the file as its set', async () => {
  const mirror = mirrorOf();
  await write(mirror, files(inFile('a'), inFile('b')));
  expect(await contents()).toEqual(['Api a files policies/a.yaml', 'Api b files policies/b.yaml']);
  const before = await opened.registry.head();
  await write(mirror, files(inFile('a'), inFile('b')));
  expect(await opened.registry.head()).toEqual(before);
  await write(mirror, files(inFile('b', '/moved')));
  expect(await contents()).toEqual(['Api b files policies/b.yaml']);
});

test('deletes nothing that may stay, as of a file with a fault', async () => {
  const mirror = mirrorOf();
  await write(mirror, files(inFile('a'), inFile('b'), inFile('c')));
  const asked: string[][] = [];
  const mayStay = (...of: string[]) => {
    asked.push(of);
    return of[1] === 'policies/a.yaml';
  };
  await write(mirror, { documents: [inFile('c')], mayStay });
  expect(asked).toEqual([
    ['Api a', 'policies/a.yaml'],
    ['Api b', 'policies/b.yaml'],
  ]);
  expect(await contents()).toEqual(['Api a files policies/a.yaml', 'Api c files policies/c.yaml']);
});

test('leaves what others have written, and writes the rest', async () => {
  const key = { kind: 'Api', namespace: 'default', name: 'a' };
  const theirs = { key, document: document('Api', 'a', {}), owner: 'api', set: '' } as const;
  await opened.registry.write([theirs], { actor: 'me', reason: '' });
  await write(mirrorOf(), files(inFile('a'), inFile('b')));
  expect(await contents()).toEqual(['Api a api ', 'Api b files policies/b.yaml']);

  // Somebody takes the name between reading and writing.
  const { registry } = opened;
  const late = {
    resources: async () => [],
    write: (...given: Parameters<typeof registry.write>) => registry.write(...given),
  };
  await write(mirrorOf({ registry: late }), files(inFile('a'), inFile('c')));
  expect(await contents()).toEqual(['Api a api ', 'Api c files policies/c.yaml']);
});

test('tries again while the database takes nothing, tells it once, and writes the latest alone', async () => {
  const { registry } = opened;
  let failures = 3;
  const written: number[] = [];
  const mirror = mirrorOf({
    registry: {
      resources: (keys) => registry.resources(keys),
      async write(writes, author) {
        if (failures-- > 0) throw new Error('the disk is full');
        written.push(writes.length);
        return registry.write(writes, author);
      },
    },
  });
  await write(mirror, files(inFile('a')), files(inFile('a'), inFile('b')), files(inFile('c')));
  expect(told).toEqual(['documents of files are not in the log yet: the disk is full']);
  expect(await contents()).toEqual(['Api c files policies/c.yaml']);
  expect(written).toHaveLength(1);
});

test('writes nothing any more once it is closed', async () => {
  const mirror = mirrorOf();
  mirror.take(files(inFile('a')));
  await mirror.close();
  mirror.take(files(inFile('b')));
  expect((await contents()).filter((each) => each.includes('Api b'))).toEqual([]);
});
