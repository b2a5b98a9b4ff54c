import { expect, test } from 'vitest';
import type { Fault } from '../../src/errors.ts';
import { tellWarnings } from '../../src/serve/tell-warnings.ts';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';

function warning(line: number, message: string): Fault {
  return { file: 'a.yaml', line, column: 1, field: 'spec', message, severity: 'upgrade' };
}

test('each warning is logged once, also where its line moves, and again where it comes back', () => {
  const logged: unknown[] = [];
  let warnings = [warning(1, 'first')];
  let changed = (): void => {};
  const documents = {
    status: () => ({ warnings }),
    onChange: (listener: () => void) => void (changed = listener),
  } as unknown as ConfigSource;
  const load = (...next: Fault[]): unknown[] => {
    warnings = next;
    logged.length = 0;
    changed();
    return [...logged];
  };
  tellWarnings(documents, { warn: (message, fields) => void logged.push([message, fields?.detail]) });

  expect(logged).toEqual([['documents', 'a.yaml:1:1: upgrade: spec: first']]);
  expect(load(warning(2, 'first'), warning(3, 'second'))).toEqual([['documents', 'a.yaml:3:1: upgrade: spec: second']]);
  expect(load()).toEqual([]);
  expect(load(warning(2, 'first'))).toHaveLength(1);
});
