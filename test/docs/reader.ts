import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { main } from '../real/ostiary.ts';
import { realPart } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';
import type { Step } from './snippets.ts';

/** The ports that pages name, as the set-up has them. */
const COLLECTOR = 'localhost:4318';
const PORTS = {
  envoy: 'localhost:10000',
  checks: 'localhost:9191',
  admin: 'localhost:9190',
  api: 'localhost:9192',
  control: 'localhost:9195',
};

/**
 * Does what a page says, on a real service and a real Envoy that are started when the first step needs them.
 * Documents of `mine/` are those that it serves; other folders are files alone.
 */
export class Reader {
  readonly #folder = scratchFolder('reader');
  readonly #needsRedis: boolean;
  readonly #logsRequests: boolean;
  /** Pages without documents in `mine/` begin with those of the checkout. */
  readonly #policies: string;
  readonly #sendsEvents: boolean;
  #upstream: Upstream | undefined;
  #ostiary: RealUp | undefined;
  #envoy: RealEnvoy | undefined;
  #redis: RealRedis | undefined;
  #collector: RealProcess | undefined;
  #collectorPort = 0;
  #envoyParts: Parts = {};

  constructor(page: string) {
    this.#sendsEvents = page.includes(`--events-otlp http://${COLLECTOR}`);
    this.#logsRequests = this.#sendsEvents || page.includes('ostiary analytics');
    const isOwn = /\bmine\b/.test(page);
    this.#policies = isOwn ? join(this.#folder, 'mine') : join(import.meta.dirname, '../../policies');
    this.#needsRedis = page.includes('--redis redis://localhost:6379');
    writeFileSync(join(this.#folder, 'state'), '');
    writeFileSync(join(this.#folder, 'token'), randomBytes(32).toString('hex'));
  }

  /** @returns what the command printed, and its exit code; undefined for other steps */
  async follow(step: Step): Promise<{ readonly output: string; readonly code: number } | undefined> {
    if (step.kind === 'documents') {
      await this.#write(step.file, step.text);
      return undefined;
    }
    if (step.kind === 'envoy') {
      await this.#envoy?.stop();
      this.#envoy = undefined;
      this.#envoyParts = { ...this.#envoyParts, ...(parse(step.text) as Parts) };
      return undefined;
    }
    if (step.kind === 'collector') {
      await this.#collect(step.text);
      return undefined;
    }
    return this.#run(await this.#withPorts(step.command));
  }

  async close(): Promise<void> {
    await this.#envoy?.stop();
    await this.#ostiary?.stop();
    await this.#collector?.stop();
    await this.#upstream?.close();
    await this.#redis?.stop();
  }

  /** Starts a Collector, which writes into the reader's folder. */
  async #collect(shown: string): Promise<void> {
    this.#collectorPort = await freePort();
    const address = `127.0.0.1:${this.#collectorPort}`;
    // Its own metrics would be on a port that another Collector may have.
    const config = shown
      .replaceAll(COLLECTOR, address)
      .replace('service:\n', 'service:\n  telemetry: { metrics: { level: none } }\n');
    writeFileSync(join(this.#folder, 'collector.yaml'), config);
    const collector = await startProcess(await realPart('otelcol'), ['--config', 'file:collector.yaml'], {
      cwd: this.#folder,
    });
    this.#collector = collector;
    await untilReady('otelcol', collector, async () => (await fetch(`http://${address}/v1/logs`)).status > 0);
  }

  async #write(file: string, content: string): Promise<void> {
    const before = await this.#snapshot();
    mkdirSync(dirname(join(this.#folder, file)), { recursive: true });
    writeFileSync(join(this.#folder, file), content);
    if (before === undefined || !file.startsWith('mine/')) return;
    // A change is in force within two seconds; a busy machine takes longer.
    for (const end = performance.now() + 15_000; (await this.#snapshot()) === before; await sleep(50)) {
      if (performance.now() > end) throw new Error(`${file} is not in force: ${this.#ostiary?.output().slice(-2000)}`);
    }
  }

  async #snapshot(): Promise<unknown> {
    if (this.#ostiary === undefined) return undefined;
    const ready = (await (await fetch(`${this.#ostiary.adminUrl}/readyz`)).json()) as {
      documents?: { version: unknown };
    };
    return ready.documents?.version;
  }

  /** The command with the ports of this reader's own service, which is started now where it is needed. */
  async #withPorts(command: string): Promise<string> {
    const asks = /^ostiary (?:counters|analytics|apply)\b/.test(command);
    if (!asks && !command.includes('.ostiary/') && !Object.values(PORTS).some((port) => command.includes(port)))
      return command;
    const ostiary = (this.#ostiary ??= await this.#serve());
    let changed = command
      .replaceAll(PORTS.admin, ostiary.adminUrl.slice('http://'.length))
      .replaceAll(PORTS.api, ostiary.apiUrl.slice('http://'.length))
      .replaceAll(PORTS.control, ostiary.controlUrl.slice('http://'.length))
      .replaceAll(PORTS.checks, ostiary.listen);
    if (command.includes(PORTS.envoy)) {
      const envoy = (this.#envoy ??= await this.#front(ostiary));
      changed = changed.replaceAll(PORTS.envoy, `127.0.0.1:${envoy.port('mine')}`);
    }
    return changed;
  }

  async #serve(): Promise<RealUp> {
    this.#redis = this.#needsRedis ? await startRedis() : undefined;
    const redis = this.#redis === undefined ? [] : ['--redis', this.#redis.url];
    const spool = join(this.#folder, 'spool');
    const events = this.#sendsEvents
      ? ['--events-otlp', `http://127.0.0.1:${this.#collectorPort}`, '--events-spool', spool]
      : [];
    const args = [...redis, ...events, '--api-token-file', join(this.#folder, 'token')];
    const env = Object.fromEntries((await this.#run('declare -px')).output.split('\n').flatMap(variableOf));
    return startUp({ policies: this.#policies, dataDir: join(this.#folder, '.ostiary'), args, env });
  }

  async #front(ostiary: RealUp): Promise<RealEnvoy> {
    const upstream = (this.#upstream ??= await startUpstream());
    const listener = {
      name: 'mine',
      host: '127.0.0.1',
      port: 0,
      normalizePath: true,
      rawHeaders: false,
      api: undefined,
    };
    const config = bootstrap({
      ostiary: { kind: 'tcp', host: '127.0.0.1', port: Number(ostiary.listen.split(':')[1]) },
      timeoutMs: 2000,
      accessLog: this.#logsRequests,
      listeners: [listener],
      upstream: { host: '127.0.0.1', port: upstream.port },
    }) as Configuration;
    const manager = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
    const { http_filters, virtual_hosts } = this.#envoyParts;
    // What a page shows comes before what the set-up has: ostiary and the router.
    if (http_filters !== undefined) manager.http_filters = [...http_filters, ...manager.http_filters];
    if (virtual_hosts !== undefined) manager.route_config = { virtual_hosts };
    return startEnvoy(config);
  }

  async #run(command: string): Promise<{ output: string; code: number }> {
    const state = join(this.#folder, 'state');
    const api = this.#ostiary?.apiUrl ?? 'http://127.0.0.1:1';
    const control = this.#ostiary?.controlUrl ?? 'http://127.0.0.1:1';
    const script = `
ostiary() {
  if [ "$1" = counters ]; then set -- "$@" --api ${api}; fi
  if [ "$1" = analytics ]; then set -- "$@" --api-address ${api}; fi
  '${process.execPath}' '${main}' "$@"; }
. '${state}'; export OSTIARY_SERVER=${control} XDG_CONFIG_HOME=$PWD/config; ${command}
code=$?; declare -px > '${state}'; exit $code`;
    const child = spawn('bash', ['-c', script], { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { output: stdout + stderr, code: await ended };
  }
}

interface Parts {
  readonly http_filters?: readonly object[];
  readonly virtual_hosts?: readonly object[];
}

interface Configuration {
  readonly static_resources: {
    readonly listeners: [
      { filter_chains: [{ filters: [{ typed_config: { http_filters: object[]; route_config: object } }] }] },
    ];
  };
}

/** `declare -x NAME="value"`, as bash writes it; values of these pages need no escapes. */
function variableOf(line: string): [string, string][] {
  const [, name, value] = /^declare -x (\w+)="(.*)"$/.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value]];
}
