import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { ALL_CODES } from '../../src/doctor/codes.ts';
import { runMain } from '../cli/run-main.ts';
import { api, documentsFolder } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import { valueSets } from '../chart/helm.ts';
import { scratchFolder } from '../real/scratch.ts';

const golden = (set: string): string => join(import.meta.dirname, `../../charts/golden/${set}.yaml`);
const NO_NAME = `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec:
  selector: { app: orders }
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: orders, namespace: shop }
spec: { template: { metadata: { labels: { app: orders } }, spec: { containers: [{ name: app }] } } }
---
`;
const [FILTER = ''] = generate('envoyfilter --namespace shop --selector app=orders').text.split(/^---$/m);

function written(name: string, text: string): string {
  const file = join(scratchFolder('doctor'), name);
  writeFileSync(file, text);
  return file;
}

test.each(valueSets.filter((set) => set !== 'full'))('what the chart renders has nothing to find: %s', async (set) => {
  const { code, stdout } = await runMain(['doctor', golden(set)]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing is wrong with it.')]);
});

test('the chart with unmatched requests allowed is told so, and nothing else', async () => {
  const { code, stdout } = await runMain(['doctor', golden('full'), '-o', 'json']);
  const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
  expect([code, findings.map((each) => each.code)]).toEqual([1, ['OST701']]);
});

const TARGETS = [
  'bootstrap',
  'bootstrap --access-log --api orders',
  'envoyfilter --namespace shop --selector app=orders',
  'envoyfilter --namespace shop --placement gateway --target Gateway/eg --access-log',
  'mesh-config --access-log',
  'extension-provider --namespace shop --target Gateway/waypoint --access-log',
  'security-policy --namespace shop --target HTTPRoute/orders --access-log',
];
test.each(TARGETS)('what is generated has nothing to find: %s', async (line) => {
  const { code, stdout } = await runMain(['doctor', '-'], {}, generate(line).text);
  expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing is wrong with it.')]);
});

test('a terminal of 80 columns shows whole words, and lines to paste as they are', async () => {
  const file = written('shop.yaml', NO_NAME + FILTER);
  const { code, stdout } = await runMain(['doctor', file], { COLUMNS: '80' });
  expect(code).toBe(1);
  const [place = ''] = /^ .*shop\.yaml:\d+$/m.exec(stdout) ?? [];
  expect(stdout.replace(place, '  FILE:LINE')).toBe(`Ports and targets

  error    OST101  Service shop/orders
  FILE:LINE
  spec.ports[0].name
  port 80 has neither a name nor an appProtocol, so Istio guesses its protocol:
  what Istio does not take for HTTP there passes EnvoyFilter shop/ostiary-orders
  unasked.
    kubectl -n shop patch service orders --type json -p '[{"op":"add","path":"/spec/ports/0/appProtocol","value":"http"}]'
  docs/doctor/OST101.md

Looked at 3 objects of 1 file.
1 error.
`);
  expect(place).toMatch(/shop\.yaml:8$/);
});

test('colours are there only where they are wanted', async () => {
  const file = written('shop.yaml', NO_NAME + FILTER);
  const escape = '\u001b[';
  expect((await runMain(['doctor', file])).stdout).not.toContain(escape);
  expect((await runMain(['doctor', file, '--color', 'never'])).stdout).not.toContain(escape);
  const { stdout } = await runMain(['doctor', file, '--color', 'always']);
  expect(stdout).toContain(`${escape}1;31merror  ${escape}0m`);
});

test('SARIF has a rule for each code, and the line of each finding', async () => {
  const file = written('shop.yaml', NO_NAME + FILTER);
  const { code, stdout } = await runMain(['doctor', file, '-o', 'sarif']);
  expect(code).toBe(1);
  const sarif = JSON.parse(stdout) as Sarif;
  const [run] = sarif.runs;
  expect(sarif.version).toBe('2.1.0');
  expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(ALL_CODES);
  expect(run.invocations[0]?.executionSuccessful).toBe(true);
  const [result] = run.results;
  expect(run.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('OST101');
  expect(result).toMatchObject({ ruleId: 'OST101', level: 'error', message: { text: expect.any(String) } });
  const place = result?.locations[0]?.physicalLocation;
  expect(place).toEqual({ artifactLocation: { uri: `file://${file}` }, region: { startLine: 8, startColumn: 7 } });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly { readonly executionSuccessful: boolean }[];
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly locations: readonly { readonly physicalLocation: unknown }[];
      }[];
    },
  ];
}

test('--fail-on says from which severity on the exit code is 1', async () => {
  const folder = documentsFolder([api('open')]);
  const codeOf = async (...args: readonly string[]) => (await runMain(['doctor', folder, ...args])).code;
  expect(await codeOf()).toBe(1);
  expect(await codeOf('--fail-on', 'note')).toBe(1);
  expect(await codeOf('--fail-on', 'error')).toBe(0);
});

test('a file that is not YAML was not looked at, which is not green, and does not hide the others', async () => {
  const folder = scratchFolder('doctor');
  writeFileSync(join(folder, 'broken.yaml'), 'kind: Service\n  a: [');
  const broken = await runMain(['doctor', folder]);
  expect([broken.code, broken.stdout]).toEqual([3, expect.stringContaining('Not looked at')]);
  expect(broken.stdout).toContain('1 not looked at');
  writeFileSync(join(folder, 'shop.yaml'), NO_NAME + FILTER);
  expect((await runMain(['doctor', folder])).code).toBe(1);
});

test('a folder without anything to look at is not green', async () => {
  const folder = join(scratchFolder('doctor'), 'empty');
  mkdirSync(folder);
  expect((await runMain(['doctor', folder])).code).toBe(3);
  expect((await runMain(['doctor', '-'], {}, '# nothing')).code).toBe(3);
});

test.each([
  [[], 'nothing to look at'],
  [['/nowhere'], '/nowhere: there is no such file or directory'],
  [['policies', '--url', 'http://a/'], '--url has no effect in ostiary doctor policies'],
  [['--url', 'http://a/'], '--url has no effect without probe'],
  [['probe', '--cluster'], '--cluster has no effect in ostiary doctor probe'],
  [['probe'], 'which URL?'],
  [['probe', '--url', 'http://a/'], 'who confirms it?'],
  [['probe', '--url', 'a', '--sidecar', 'http://127.0.0.1:1'], 'a is no URL'],
])('wrong use is exit code 2: %j', async (args, message) => {
  const { code, stderr } = await runMain(['doctor', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('the Job of a probe runs under the restricted pod security level, with the token from a Secret', async () => {
  const line = ['--url', 'http://orders.shop/orders', '--sidecar', 'http://ostiary.mesh:9192', '--manifest'];
  const { code, stdout } = await runMain(['doctor', 'probe', ...line]);
  expect(code).toBe(0);
  expect(stdout).toContain('- --url=http://orders.shop/orders');
  expect(stdout).toContain('secretName: ostiary-api-token');
  expect(stdout).toContain('runAsNonRoot: true');
  expect(stdout).toContain('backoffLimit: 0');
  // It is itself nothing that the doctor has anything against.
  expect((await runMain(['doctor', '-'], {}, stdout)).code).toBe(0);
});

test('names in files of others can neither command a terminal nor the shell into which a remedy is pasted', async () => {
  const evil = "x'; rm -rf ~ #\u001b[2J\nrm -rf /";
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: evil, namespace: evil },
    spec: { selector: { app: 'a' }, ports: [{ port: 80, name: evil }] },
  };
  const filter = parseDocument(FILTER).toJS() as { metadata: object; spec: object };
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'a', namespace: 'shop' },
    spec: {
      action: 'CUSTOM',
      provider: { name: `${evil}2` },
      targetRefs: [{ kind: evil, name: evil, namespace: evil }],
    },
  };
  const other = { ...policy, kind: evil, metadata: { name: 'b', namespace: evil } };
  const workload = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: evil, namespace: evil },
    spec: { template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a' }] } } },
  };
  filter.metadata = { name: evil, namespace: evil };
  Object.assign(filter.spec, { workloadSelector: { labels: { app: 'a' } } });
  const mesh = {
    meshConfig: { extensionProviders: [{ name: evil, envoyExtAuthzGrpc: { service: `${evil}.a`, failOpen: true } }] },
  };
  const files = [service, filter, policy, other, workload, mesh].map((each) =>
    written('evil.json', JSON.stringify(each)),
  );
  const { stdout } = await runMain(['doctor', ...files], { COLUMNS: '80' });
  expect(stdout).toContain('OST102');
  expect(stdout).not.toContain('\u001b');
  const json = await runMain(['doctor', ...files, '-o', 'json']);
  const { findings } = JSON.parse(json.stdout) as { findings: { remedy: string }[] };
  expect(findings.length).toBeGreaterThan(2);
  for (const { remedy } of findings) {
    // A shell that only reads finds no command but ours.
    const words = execFileSync(
      'bash',
      ['-c', 'set -f; rm() { echo RM; }; kubectl() { :; }; ostiary() { :; }; eval "$1" || true', '-', remedy],
      {
        encoding: 'utf8',
      },
    );
    expect([remedy, words]).toEqual([remedy, '']);
  }
});
