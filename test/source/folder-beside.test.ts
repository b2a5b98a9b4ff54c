import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Loaded } from '../../src/document/load.ts';
import { SourceText } from '../../src/document/text/source-text.ts';
import type { Outcome } from '../../src/source/document-source.ts';
import { followDocuments } from '../../src/source/documents-in-force.ts';
import { FolderBeside } from '../../src/source/folder-beside.ts';
import { options } from '../document/documents.ts';
import { MemorySource, resource } from './memory-source.ts';

const api = (name: string, basePath = `/${name}`) => resource('Api', name, { basePath });
const client = (name: string) => resource('ClientApplication', name, { clientId: name });
const contract = (name: string, to: string) =>
  resource('Contract', name, { api: to, clientApplication: name, status: 'approved' });
/** As it stands in a file. */
const inFile = (loaded: Loaded, file = `${loaded.document.metadata.name}.yaml`): Loaded => ({
  document: loaded.document,
  place: { source: new SourceText(file, 'metadata:\n  name: x\n'), start: 0, end: 20, prefix: [] },
});
/** As the control plane sends what it has of files. */
const mirrored = (loaded: Loaded): Loaded => ({
  ...loaded,
  place: { ...(loaded.place as { resource: string }), owner: 'files' },
});

async function opened({ files = [], central = [] }: { files?: readonly Loaded[]; central?: readonly Loaded[] }) {
  const folder = new MemorySource(files);
  const other = new MemorySource(central);
  const delivered: Outcome[] = [];
  const looked: string[] = [];
  const freed: string[] = [];
  const source = new FolderBeside({
    folder,
    central: other,
    ownerOfFiles: 'files',
    delivered: (_set, outcome) => delivered.push(outcome),
    freed: () => freed.push('freed'),
    lookAgain: async () => void looked.push('look'),
  });
  const inForce = await followDocuments(source, options);
  const names = () =>
    inForce
      .current()
      .apis.map(({ name }) => name)
      .toSorted();
  return { folder, other, inForce, names, delivered, freed, looked };
}

it('has the documents of both, and what refers from one to the other', async () => {
  const { names, inForce } = await opened({
    files: [inFile(api('a')), inFile(contract('b', 'b'))],
    central: [api('b'), client('b'), client('a'), contract('a', 'a')],
  });
  expect(names()).toEqual(['a', 'b']);
  expect(inForce.current().contractCount).toBe(2);
  expect(inForce.status().faults).toEqual([]);
});

it('waits for both before anything is in force, whichever comes first', async () => {
  const folder = new MemorySource([inFile(api('a'))]);
  const late = Promise.withResolvers<void>();
  const other = new MemorySource([api('b')]);
  const source = new FolderBeside({
    folder,
    central: {
      tellsChanges: true,
      lookedAt: 0,
      open: async (take) => (await late.promise, other.open(take)),
      close: () => other.close(),
    },
    ownerOfFiles: 'files',
  });
  let isOpen = false;
  const opening = followDocuments(source, options).finally(() => (isOpen = true));
  await turn();
  expect(isOpen).toBe(false);
  late.resolve();
  expect((await opening).current().apis).toHaveLength(2);
});

it('takes changes of either', async () => {
  const { folder, names, other } = await opened({ files: [inFile(api('a'))], central: [api('b')] });
  expect(await other.upsert(api('c'))).toMatchObject({ result: 'in_force' });
  await folder.deliverAll([inFile(api('a')), inFile(api('d'))]);
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
  expect(await other.remove('Api', 'b')).toMatchObject({ result: 'in_force' });
  await folder.deliverAll([inFile(api('d'))]);
  expect(names()).toEqual(['c', 'd']);
  await other.deliverAll([api('e')]);
  expect(names()).toEqual(['d', 'e']);
});

it('leaves out what the control plane has of files, and looks at the files where it has changed', async () => {
  const { inForce, looked, names, other } = await opened({
    files: [inFile(api('a', '/now'))],
    central: [mirrored(api('a', '/before')), mirrored(api('gone'))],
  });
  expect(names()).toEqual(['a']);
  expect(inForce.current().apis[0]?.basePath).toBe('/now');
  expect(looked).toEqual([]);
  expect(await other.upsert(mirrored(api('a', '/later')))).toMatchObject({ result: 'in_force' });
  expect(looked).toEqual(['look']);
  await other.remove('Api', 'a');
  expect(names()).toEqual(['a']);
});

it('puts neither in the place of the other: the file is at fault, until the name is free', async () => {
  const { folder, inForce, names, other } = await opened({
    files: [inFile(api('a'))],
    central: [api('b', '/central')],
  });
  await folder.deliverAll([inFile(api('a')), inFile(api('b', '/file'))]);
  expect(inForce.status().faults).toMatchObject([
    { file: 'b.yaml', line: 2, field: 'metadata.name', message: expect.stringContaining('ostiary delete') as unknown },
  ]);
  expect(inForce.current().apiNamed('b')?.basePath).toBe('/central');
  // The control plane's documents are all in force, whatever the files are.
  expect(await other.upsert(api('c'))).toMatchObject({ result: 'in_force' });
  expect(names()).toEqual(['a', 'b', 'c']);
  await other.remove('Api', 'b');
  expect(inForce.current().apiNamed('b')?.basePath).toBe('/file');
  expect(inForce.status().faults).toEqual([]);
});

it('lets a document of the control plane not slip into the place of a file that it does not know of yet', async () => {
  const { inForce, other } = await opened({ files: [inFile(api('a', '/file'))] });
  await other.upsert(api('a', '/central'));
  expect(inForce.status().faults).toMatchObject([{ file: 'a.yaml' }]);
});

it('lets a document of the control plane not take the requests of a file', async () => {
  const thief = resource('Api', 'thief', { basePath: '/a' }, { namespace: 'other' });
  const { inForce, other } = await opened({ files: [inFile(api('a'))], central: [thief] });
  expect(inForce.current().apiFor('any', '/a')?.name).toBe('a');
  expect(inForce.status().warnings[0]?.file).toMatch(/^Api\/thief@/);
  await other.upsert(resource('Api', 'second', { basePath: '/a' }, { namespace: 'other' }));
  expect(inForce.current().apiFor('any', '/a')?.name).toBe('a');
});

it('tells the control plane of its own faults alone', async () => {
  const { folder, inForce, names, other } = await opened({ files: [inFile(api('a'))], central: [client('x')] });
  const told = await other.upsert(contract('x', 'nowhere'));
  expect(told).toMatchObject({ result: 'faulty', faults: [{ message: expect.stringContaining('no Api') as unknown }] });
  expect(await other.remove('Contract', 'x')).toMatchObject({ result: 'in_force' });

  await folder.deliverAll([
    inFile(resource('Contract', 'y', { api: 'a', clientApplication: 'none', status: 'approved' })),
  ]);
  expect(inForce.status().successful).toBe(false);
  expect(names()).toEqual(['a']);
  expect(await other.upsert(client('z'))).toMatchObject({ result: 'in_force' });
});

it('does not say of a document of the control plane that it is in force while it waits for a file', async () => {
  const { folder, freed, other } = await opened({ files: [inFile(api('a'))], central: [client('x')] });
  const twice = [inFile(api('a', '/a'), '1.yaml'), inFile(api('b', '/b'), '2.yaml')];
  await folder.deliverAll([...twice, inFile(contract('no', 'b'), '2.yaml')]);
  const told = await other.upsert(contract('x', 'b'));
  expect(told).toMatchObject({ result: 'faulty' });
  expect((told as Extract<Outcome, { result: 'faulty' }>).faults[0]?.file).toMatch(/^Contract\/x@/);
  expect(freed).toEqual([]);
  await folder.deliverAll(twice);
  expect(freed).toEqual(['freed']);
  expect(await other.upsert(client('y'))).toMatchObject({ result: 'in_force' });
});

it('does not say that a revocation is in force while the folder is away', async () => {
  const approved = resource('Contract', 'x', { api: 'b', clientApplication: 'x', status: 'approved' });
  const { folder, freed, inForce, other } = await opened({
    files: [inFile(api('a'))],
    central: [api('b'), client('x'), approved],
  });
  await folder.deliverAway();
  const revoked = resource('Contract', 'x', { api: 'b', clientApplication: 'x', status: 'revoked' });
  const told = await other.upsert(revoked);
  expect([...inForce.current().contracts()].map(({ status }) => status)).toEqual(['approved']);
  expect(told.result).toBe('faulty');
  await folder.deliverAll([inFile(api('a'))]);
  expect([...inForce.current().contracts()].map(({ status }) => status)).toEqual(['revoked']);
  expect(freed).toEqual(['freed']);
});

it('reads variables and files for documents in files alone', async () => {
  const secret = { clientSecret: { value: '$SECRET' } };
  const refused: string[] = [];
  const own = resource('ClientApplication', 'own', { clientId: 'own', ...secret });
  const sent = resource('ClientApplication', 'sent', { clientId: 'sent', ...secret });
  const folder = new MemorySource([inFile(own)]);
  const other = new MemorySource([]);
  const source = new FolderBeside({ folder, central: other, ownerOfFiles: 'files' });
  const inForce = await followDocuments(source, {
    ...options,
    env: { SECRET: 'known' },
    ofResources: {
      variables: {},
      readFile(path) {
        refused.push(path);
        return Promise.reject(new Error('no files'));
      },
    },
  });
  expect(await other.upsert(sent)).toMatchObject({
    result: 'faulty',
    faults: [{ message: expect.stringContaining('SECRET is not set') as unknown }],
  });
  expect(inForce.current().clientApplications).toBe(1);
  await other.remove('ClientApplication', 'sent');
  // A file that our own program can read.
  const clientSecret = { file: import.meta.filename };
  const naming = resource('ClientApplication', 'naming', { clientId: 'naming', clientSecret });
  expect(await other.upsert(naming)).toMatchObject({ result: 'faulty' });
  expect(refused).toEqual([import.meta.filename]);
});

it('puts nothing in force while a file can not be read from the start on, whatever the control plane changes', async () => {
  const folder = new MemorySource([inFile(api('a'))], ['b.yaml']);
  const other = new MemorySource([api('b')]);
  const source = new FolderBeside({ folder, central: other, ownerOfFiles: 'files' });
  const inForce = await followDocuments(source, options);
  expect(inForce.current().withheld).toContain('b.yaml');
  await other.upsert(api('c'));
  expect(inForce.current().withheld).toContain('b.yaml');
  await folder.deliverAll([inFile(api('a'))]);
  expect(inForce.current().withheld).toBe(undefined);
  expect(inForce.current().apis.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

it('is closed with both', async () => {
  const { folder, inForce, other } = await opened({ files: [inFile(api('a'))] });
  await inForce.close();
  expect([folder.isClosed, other.isClosed]).toEqual([true, true]);
});
