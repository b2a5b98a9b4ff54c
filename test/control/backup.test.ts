import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const clients = (from: number, count: number, text: string) =>
  Array.from({ length: count }, (_, at) => {
    const made = document('ClientApplication', `app-${from + at}`, { clientId: `app-${from + at}` });
    return { ...made, metadata: { ...made.metadata, description: text } };
  });

describe('a backup of a control plane that runs on SQLite', () => {
  const folder = scratchFolder('live-backup');
  let control: RealControlPlane;
  beforeAll(async () => {
    control = await startControlPlane(join(folder, 'data'));
    expect((await apply(clients(0, 1500, 'first'))).code).toBe(0);
  });
  afterAll(() => control?.stop());

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = (documents: object[]) => ostiary('apply', '-f', writeFolder({ 'a.json': documents }));
  const revisionOf = async () => {
    const [last] = JSON.parse((await ostiary('audit', '-o', 'json')).stdout) as { revision: number }[];
    return Number(last?.revision);
  };

  test('is of one revision while writes go on, and is restored to a log whose chain is whole', async () => {
    const done = new AbortController();
    let writes = 0;
    const writing = (async () => {
      while (!done.signal.aborted) {
        const made = { document: clients(writes % 1500, 1, `later ${writes}`)[0] };
        const response = await fetch(`${control.url}/ostiary.v1.ResourceService/Apply`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
          body: JSON.stringify({ documents: [made] }),
        });
        expect(response.status).toBe(200);
        writes++;
      }
    })();
    const file = join(folder, 'one.backup.gz');
    const before = await revisionOf();
    const backup = await ostiary('control', 'backup', file);
    done.abort();
    await writing;
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    const revision = Number(/up to revision (\d+)\n$/.exec(backup.stdout)?.[1]);
    expect(revision).toBeGreaterThanOrEqual(before);
    expect(writes).toBeGreaterThan(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const data = join(folder, 'restored');
    const restored = await runMain(['control', 'restore', file, '--data-dir', data]);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`up to revision ${revision}.`) });
    const other = await startControlPlane(data);
    try {
      const verified = await runMain(['audit', 'verify'], other.env);
      expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('are as they were written') });
    } finally {
      await other.stop();
    }
  });

  test('in a folder is named after the time, and the oldest go', async () => {
    const backups = join(folder, 'backups');
    mkdirSync(backups);
    const old = ['20200101T000000Z', '20210101T000000Z'].map((time) => `ostiary-${time}.backup.gz`);
    for (const name of [...old, 'mine.gz']) writeFileSync(join(backups, name), '');
    const { code, stdout } = await ostiary('control', 'backup', `${backups}/`, '--keep', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ostiary-\d{8}T\d{6}Z\.backup\.gz holds everything up to revision \d+; 1 older deleted\n$/);
    expect(readdirSync(backups)).toEqual([
      'mine.gz',
      old[1],
      expect.stringMatching(/^ostiary-202[6-9]|^ostiary-20[3-9]/),
    ]);
  });

  test('says what is wrong, and leaves no file', async () => {
    const file = join(folder, 'none.gz');
    const told = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { code, stderr } = await runMain(['control', 'backup', ...argv], { ...control.env, ...env });
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await told([file], { OSTIARY_TOKEN: '' })).toContain('this needs a token: give --token-file FILE');
    expect(await told([file], { OSTIARY_TOKEN: 'x'.repeat(40) })).toContain('does not know the token in OSTIARY_TOKEN');
    const nobody = { OSTIARY_SERVER: `http://127.0.0.1:${await freePort()}` };
    expect(await told([file], nobody)).toContain('is ostiary control running there?');
    expect(await told([file, '--keep', '3'])).toContain('--keep is for a folder');
    expect(await told([])).toContain('which file? ostiary control backup FILE');
    expect(await told([join(folder, 'nowhere', 'file.gz')])).toContain("can't be written (ENOENT)");
    expect(await told([file, '--keep', '3', '--data-dir', folder])).toContain('without --data-dir and --database');
    // The file belongs to the control plane that runs.
    expect(await told([file, '--data-dir', join(folder, 'data')])).toContain('control.db');
    expect(readdirSync(folder).filter((name) => name.includes('none'))).toEqual([]);
  });
});
