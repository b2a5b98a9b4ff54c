import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEnvoy, validateBootstrap } from './envoy.ts';
import { cacheFolder } from './cache.ts';
import { startCollector } from './otel-collector.ts';
import { partOrSkip } from './parts.ts';
import { startProcess } from './process.ts';
import { startRedis } from './redis.ts';
import { scratchFolder } from './scratch.ts';

const envoy = await partOrSkip('envoy');
const collector = await partOrSkip('otelcol');
const redis = (await partOrSkip('redis-server')) && (await partOrSkip('redis-cli'));

describe.skipIf(envoy === undefined)('a real Envoy', () => {
  test('starts on ports of its own choice and stops', async () => {
    const started = await startEnvoy({ static_resources: { listeners: [listener], clusters: [{ name: 'nowhere' }] } });
    expect(started.port('front')).toBeGreaterThan(1023);
    expect(() => started.port('back')).toThrow('no TCP listener back');
    await started.stop();
    await expect(fetch(`${started.adminUrl}/ready`)).rejects.toThrow('fetch failed');
  });

  test('says what is wrong with a bootstrap', async () => {
    expect(await validateBootstrap({ static_resources: {} })).toBeUndefined();
    expect(await validateBootstrap({ static_resorces: {} })).toContain('static_resorces');
    await expect(startEnvoy({ static_resorces: {} })).rejects.toThrow('static_resorces');
  });
});

describe.skipIf(redis === undefined)('a real Redis', () => {
  test('answers, is paused, resumed, restarted empty and stopped', async () => {
    const started = await startRedis();
    expect(await started.cli('SET', 'a', '1')).toBe('OK');
    const first = started.pid();
    started.pause();
    // The signal is on its way when kill(2) returns: the process stops when it is scheduled next.
    await expect.poll(() => stateOf(first)).toBe('T');
    started.resume();
    expect(await started.cli('GET', 'a')).toBe('1');
    await started.restart();
    expect(started.pid()).not.toBe(first);
    expect(await started.cli('GET', 'a')).toBe('');
    await started.stop();
    await expect(started.cli('PING')).rejects.toThrow('redis-cli');
  });

  test('dies with the process that started it, even a killed one', async () => {
    const module = JSON.stringify(new URL('redis.ts', import.meta.url).href);
    const script = `const { startRedis } = await import(${module}); console.log((await startRedis()).pid());`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', `${script} setInterval(() => {}, 1e6)`]);
    const pid = await new Promise<number>((resolve) => {
      owner.stdout.once('data', (line) => resolve(Number(line)));
    });
    expect(stateOf(pid)).toMatch(/[SR]/);
    owner.kill('SIGKILL');
    await expect.poll(() => stateOf(pid)).toMatch(/gone|[ZX]/);
  });
});

describe.skipIf(collector === undefined)('a real OpenTelemetry Collector', () => {
  test('takes logs and traces of who has its token, and writes them', async () => {
    const started = await startCollector({ token: 'a-token' });
    const post = async (path: string, body: object, authorization = 'Bearer a-token') => {
      const headers = { 'content-type': 'application/json', authorization };
      return (await fetch(`${started.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name: 'a span' };
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'an event' }] }] }] };
    const traces = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
    expect(await post('/v1/logs', logs, 'Bearer another')).toBe(401);
    expect(await post('/v1/logs', logs)).toBe(200);
    expect(await post('/v1/traces', traces)).toBe(200);
    await expect.poll(() => JSON.stringify(started.taken('logs'))).toContain('"eventName":"an event"');
    await expect.poll(() => JSON.stringify(started.taken('traces'))).toContain('"name":"a span"');
    await started.stop();
  });
});

test('what several processes ask for at once is made once, and as a whole', async () => {
  const id = `test-${randomUUID()}`;
  const log = join(scratchFolder('cache'), 'log');
  const module = JSON.stringify(new URL('cache.ts', import.meta.url).href);
  const script = `
    import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
    const { cached } = await import(${module});
    const folder = await cached('${id}', async (fresh) => {
      appendFileSync('${log}', 'made;');
      await new Promise((resolve) => setTimeout(resolve, 300));
      writeFileSync(fresh + '/part', 'whole');
    });
    process.stdout.write(readFileSync(folder + '/part', 'utf8'));`;
  try {
    const ask = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ stdout }) => stdout)).toEqual(['whole', 'whole', 'whole']);
    expect(readFileSync(log, 'utf8')).toBe('made;');
  } finally {
    rmSync(join(cacheFolder, id), { recursive: true, force: true });
  }
});

describe('a part that can not be had', () => {
  const module = JSON.stringify(new URL('parts.ts', import.meta.url).href);
  const script = `const { partOrSkip } = await import(${module}); console.log(await partOrSkip('etcd'));`;
  // Neither the part nor anything that could fetch it is on this PATH.
  const ask = async (env: NodeJS.ProcessEnv) =>
    startProcess(process.execPath, ['--input-type=module', '-e', script], { env: { ...env, PATH: '/nowhere' } });

  test('is said to be skipped, and why', async () => {
    const asked = await ask({});
    expect(await asked.exited).toBe(0);
    expect(asked.output()).toMatch(/SKIPPED, no etcd: .*(not on PATH|by root alone)/);
    expect(asked.output()).toContain('undefined');
  });

  test('is a failure in CI', async () => {
    const asked = await ask({ CI: 'true' });
    expect(await asked.exited).toBe(1);
    expect(asked.output()).toContain("PartMissing: etcd can't be had here");
  });
});

test('a process that is stopped ends by SIGTERM, or by SIGKILL where it does not listen', async () => {
  const deaf = await startProcess(process.execPath, [
    '-e',
    'setInterval(() => {}, 1e6); process.on("SIGTERM", () => console.log("no")); console.log("up")',
  ]);
  await expect.poll(() => deaf.output()).toContain('up');
  await deaf.stop(300);
  expect(deaf.output()).toContain('no');
  expect(deaf.exitCode()).toBeNull();
});

const listener = {
  name: 'front',
  address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
  filter_chains: [{ filters: [{ name: 'tcp', typed_config: tcpProxy() }] }],
};

function tcpProxy(): object {
  const type = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
  return { '@type': type, stat_prefix: 'tcp', cluster: 'nowhere' };
}

/** The letter of /proc, such as `S` for sleeping and `T` for stopped. */
function stateOf(pid: number): string {
  try {
    return / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1) ?? '')?.[1] ?? '?';
  } catch {
    return 'gone';
  }
}
