import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileAccess } from '../../src/file-access.ts';
import { Disk } from '../../src/sinks/disk.ts';
import { EventFile } from '../../src/sinks/event-file.ts';
import { openFileSink } from '../../src/sinks/file-sink.ts';
import { scratchFolder } from '../real/scratch.ts';
import { madeEvent } from './made-event.ts';
import { testPorts } from './open-sinks.ts';

const disk = new Disk(new FileAccess(5000));
const newPath = () => join(mkdtempSync(join(scratchFolder('file'), 'x')), 'events.ndjson');
const read = (path: string) => readFileSync(path, 'utf8');

async function open(path: string, maxBytes = 1000, keep = 2): Promise<EventFile> {
  const file = new EventFile({ path, maxBytes, keep, disk });
  await file.open();
  return file;
}

describe('a file of events', () => {
  test('is renamed when it is full, and so many are kept', async () => {
    const path = newPath();
    const file = await open(path, 10);
    for (const line of ['one\n', 'two\n', 'three\n', 'four and more\n', 'a line longer than all\n', 'five\n', 'six\n'])
      await file.append(Buffer.from(line));
    await file.close();
    expect(read(path)).toBe('five\nsix\n');
    expect(read(`${path}.1`)).toBe('a line longer than all\n');
    expect(read(`${path}.2`)).toBe('four and more\n');
    expect(readdirSync(join(path, '..'))).toHaveLength(3);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is begun anew where others have renamed it', async () => {
    const path = newPath();
    const file = await open(path);
    await file.append(Buffer.from('one\n'));
    renameSync(path, `${path}-yesterday`);
    await file.append(Buffer.from('two\n'));
    await file.close();
    expect([read(`${path}-yesterday`), read(path)]).toEqual(['one\n', 'two\n']);
  });

  test('has no line that begins in half a line of a killed process', async () => {
    const path = newPath();
    writeFileSync(path, '{"id":"whole"}\n{"id":"ha');
    const file = await open(path);
    await file.append(Buffer.from('{"id":"next"}\n'));
    await file.close();
    expect(read(path)).toBe('{"id":"whole"}\n{"id":"ha\n{"id":"next"}\n');
  });

  test('is refused where it is a pipe, a folder, or has no folder', async () => {
    const path = newPath();
    spawnSync('mkfifo', [path]);
    await expect(open(path)).rejects.toThrow(`--events-file ${path}: is not a regular file: use - for standard output`);
    await expect(open(join(path, '..'))).rejects.toThrow('--events-file');
    await expect(open('/nowhere/events')).rejects.toThrow('its folder does not exist');
  });

  test('is opened again at SIGHUP, and all that was taken is in it', async () => {
    const path = newPath();
    const { ports, value } = testPorts();
    let hangUp = (): void => {};
    const onHangUp = (callback: () => void) => {
      hangUp = callback;
      return () => {};
    };
    const sink = await openFileSink({ path, maxBytes: 1e9, keep: 1 }, onHangUp, ports);
    for (let number = 0; number < 5000; number++) sink.take(madeEvent({ id: String(number) }));
    hangUp();
    await sink.close(10_000);
    const ids = read(path).trimEnd().split('\n');
    expect(ids.map((line) => Number((JSON.parse(line) as { id: string }).id))).toEqual([...Array(5000).keys()]);
    expect(await value('ostiary_events_sent_total')).toBe(5000);
  });
});
