import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { ListenerOptions } from '../../src/generate/bootstrap.ts';
import { explainedYaml } from '../../src/generate/explained-yaml.ts';

const listener: ListenerOptions = {
  name: 'ingress',
  host: '127.0.0.1',
  port: 10_000,
  normalizePath: true,
  api: undefined,
  rawHeaders: false,
};
const OSTIARY = { kind: 'unix', path: '/run/ostiary.sock' } as const;
const yaml = (changed: Partial<ListenerOptions> = {}): string => {
  const upstream = { host: '127.0.0.1', port: 8080 };
  return explainedYaml(
    [bootstrap({ ostiary: OSTIARY, timeoutMs: 250, listeners: [{ ...listener, ...changed }], upstream })],
    '',
  );
};
const managerOf = (text: string): unknown =>
  (parse(text) as { static_resources: { listeners: { filter_chains: { filters: { typed_config: unknown }[] }[] }[] } })
    .static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config;

test('a bootstrap makes Envoy read hosts and paths as ostiary does, and says why', () => {
  const text = yaml();
  expect(managerOf(text)).toMatchObject({
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    strip_any_host_port: true,
    strip_trailing_host_dot: true,
  });
  for (const setting of [
    'path_with_escaped_slashes_action',
    'strip_any_host_port',
    'strip_trailing_host_dot',
    'prefix',
  ])
    expect(text).toMatch(new RegExp(`# \\S.*\\n *${setting}: `));
  expect(text).toContain('path_separated_prefix');
});

test('a listener that shows requests as they were sent changes neither host nor path', () => {
  const manager = managerOf(yaml({ normalizePath: false }));
  expect(manager).toMatchObject({ normalize_path: false, merge_slashes: false });
  expect(manager).not.toHaveProperty('strip_any_host_port');
});
