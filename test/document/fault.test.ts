import { expect, it } from 'vitest';
import { Faults, firstFaults } from '../../src/document/fault.ts';

const fault = (line: number) => ({ file: 'a.yaml', line, column: 1, field: '', message: 'is wrong' });

it('the first faults are told, and how many more there are', () => {
  const faults = Array.from({ length: 250 }, (_, line) => fault(line));
  const told = firstFaults(faults, 100);
  expect(told.slice(0, 100)).toEqual(faults.slice(0, 100));
  expect(told.slice(100).map(({ message }) => message)).toEqual(['and 150 more faults']);
  expect(firstFaults(faults.slice(0, 100), 100)).toHaveLength(100);
});

it('what was only counted is among those that are more', () => {
  const faults = new Faults();
  for (let line = 0; line < 5000; line++) faults.add(() => fault(line));
  expect(firstFaults(faults.sorted(), 100).at(-1)?.message).toBe('and 4900 more faults');
});
