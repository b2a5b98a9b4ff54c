import { beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { ALL_CODES } from '../../src/doctor/codes.ts';
import { judge } from '../../src/doctor/probe.ts';
import { attachmentFaults } from './attachment-faults.ts';
import { cleanInstall, worldOf } from './clean-install.ts';
import type { Install } from './clean-install.ts';
import type { Changeable } from './objects.ts';
import { otherFaults } from './other-faults.ts';
import { portFaults } from './port-faults.ts';
import { sidecarFaults } from './sidecar-faults.ts';

const planted = [...portFaults, ...attachmentFaults, ...sidecarFaults, ...otherFaults];

let install: () => Install;
beforeAll(async () => {
  install = await cleanInstall();
});

const codesOf = async (stage: Install): Promise<readonly string[]> => {
  const { findings } = diagnose(await worldOf(stage));
  return findings.map(({ code, message }) => (message === '' ? '' : code));
};

describe('a clean install', () => {
  test('of files has nothing to find', async () => {
    const { findings, unlooked } = diagnose(await worldOf(install()));
    expect([findings, unlooked]).toEqual([[], []]);
  });

  test('in a cluster has nothing to find', async () => {
    const stage = install();
    stage.isCluster = true;
    addRunning(stage);
    expect(diagnose(await worldOf(stage)).findings).toEqual([]);
  });
});

/** Pods of what else asks or is asked. */
function addRunning(stage: Install): void {
  const [first] = stage.pods as [Changeable];
  stage.pods.push({ ...first, metadata: { name: 'users-1', namespace: 'ambient', labels: { app: 'users' } } });
}

describe('one planted fault', () => {
  test.each(planted)('$code: $what', async (fault) => {
    const { code, isInCluster = false } = fault;
    const stage = install();
    stage.isCluster = isInCluster;
    if (isInCluster) addRunning(stage);
    fault.plant(stage);
    const found = await codesOf(stage);
    // All of what is found is this one fault, and it is found.
    expect([...new Set(found)]).toEqual([code]);
  });
});

test('each code is planted at least once, and there are more than thirty', () => {
  // What a probe finds is no check of what was collected.
  const red = judge({ url: 'http://a/', answer: { status: 200 }, tellings: [{ sidecar: 's', sightings: [] }] });
  const codes = new Set<string>([...planted.map(({ code }) => code), red.finding?.code ?? '']);
  expect([...codes].toSorted()).toEqual(ALL_CODES);
  expect(planted.length).toBeGreaterThan(30);
});
