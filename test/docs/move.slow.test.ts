import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { send } from '../e2e/request.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { main } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { readPage } from './pages.ts';
import { isAsShown, stepsOf } from './snippets.ts';

const envoyPart = await partOrSkip('envoy');
const PAGE = 'docs/move-to-control-plane.md';

/** The ports that the page names, and those that it leaves out since they are defaults. */
const PORTS = ['9190', '9191', '9192', '9193', '9194', '9195', '9196', '9197'];
const DEFAULTS = {
  OSTIARY_LISTEN: '9191',
  OSTIARY_ADMIN_LISTEN: '9190',
  OSTIARY_API_LISTEN: '9192',
  OSTIARY_CONTROL_LISTEN: '9195',
  OSTIARY_CONTROL_ADMIN_LISTEN: '9196',
};

/** Every kind of request, with the status that it has before, during and after the move. */
const REQUESTS = [
  { path: '/orders/1', headers: { client_id: 'web-shop', client_secret: 'the-secret-of-the-web-shop' }, status: 200 },
  { path: '/orders/2', headers: { client_id: 'partner', client_secret: 'the-secret-of-the-partner' }, status: 200 },
  { path: '/orders/3', headers: { client_id: 'partner', client_secret: 'guessed' }, status: 401 },
  { path: '/orders/4', headers: {}, status: 401 },
  { path: '/elsewhere', headers: {}, status: 403 },
] as const;

/** Does what the page says, in its order: what serves runs on beside the rest, on free ports. */
class Mover {
  readonly #folder = scratchFolder('move');
  readonly #ports = new Map<string, number>();
  readonly #running: RealProcess[] = [];
  #upstream: Upstream | undefined;
  #envoy: RealEnvoy | undefined;
  readonly #unlike: string[] = [];
  #answers = 0;
  #isEnding = false;
  #callers: Promise<void>[] = [];

  async prepare(): Promise<void> {
    for (const port of PORTS) this.#ports.set(port, await freePort());
    this.#upstream = await startUpstream();
    writeFileSync(join(this.#folder, 'state'), '');
  }

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.#folder, file)), { recursive: true });
    writeFileSync(join(this.#folder, file), content);
  }

  async run(command: string): Promise<{ readonly output: string; readonly code: number }> {
    const own = command.replaceAll(/(?<=127\.0\.0\.1:)\d+/g, (port) => String(this.#ports.get(port) ?? port));
    if (/^ostiary (?:serve|control)\b/.test(own)) return this.#serve(own);
    if (own === 'kill %1') {
      await this.#running[0]?.stop(20_000);
      return { output: '', code: this.#running[0]?.exitCode() ?? -1 };
    }
    const ran = await this.#shell(own);
    if (own.startsWith('ostiary generate bootstrap')) await this.#front();
    return ran;
  }

  /** So many more answers have come. */
  async answers(more: number): Promise<void> {
    for (const end = this.#answers + more; this.#answers < end; await sleep(5));
  }

  async end(): Promise<{ readonly answers: number; readonly unlike: readonly string[] }> {
    this.#isEnding = true;
    await Promise.all(this.#callers);
    return { answers: this.#answers, unlike: this.#unlike };
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    await this.#envoy?.stop();
    for (const each of this.#running) await each.stop();
    await this.#upstream?.close();
  }

  async #serve(command: string): Promise<{ output: string; code: number }> {
    const [, ...args] = command.split(' ');
    const env = Object.fromEntries((await this.#shell('declare -px')).output.split('\n').flatMap(variableOf));
    const running = await startProcess(process.execPath, [main, ...args], { cwd: this.#folder, env });
    this.#running.push(running);
    const given = /--admin-listen (\S+)/.exec(command)?.[1];
    const admin = args[0] === 'control' ? '9196' : '9190';
    const url = `http://${given ?? `127.0.0.1:${this.#ports.get(admin)}`}/readyz`;
    await untilReady(command, running, async () => (await fetch(url)).ok);
    return { output: '', code: 0 };
  }

  /** Requests come from now on. */
  async #front(): Promise<void> {
    const written = readFileSync(join(this.#folder, 'envoy.yaml'), 'utf8')
      .replace('port_value: 10000', 'port_value: 0')
      .replace('port_value: 8080', `port_value: ${this.#upstream?.port}`)
      // A busy machine is no reason for another answer.
      .replaceAll('timeout: 0.25s', 'timeout: 20s');
    const envoy = await startEnvoy(parse(written) as object);
    this.#envoy = envoy;
    this.#callers = REQUESTS.map(async ({ path, headers, status }) => {
      while (!this.#isEnding) {
        const answer = await send(envoy.port('ostiary'), path, { headers });
        this.#answers += 1;
        if (answer.status !== status) this.#unlike.push(`${path}: ${answer.status} ${answer.body}`);
        await sleep(2);
      }
    });
    await this.answers(50);
  }

  async #shell(command: string): Promise<{ output: string; code: number }> {
    const state = join(this.#folder, 'state');
    const defaults = Object.entries(DEFAULTS).map(([name, port]) => `${name}=127.0.0.1:${this.#ports.get(port)}`);
    const script = `
ostiary() { '${process.execPath}' '${main}' "$@"; }
. '${state}'; export OSTIARY_SERVER=http://127.0.0.1:${this.#ports.get('9195')} ${defaults.join(' ')}; ${command}
code=$?; declare -px > '${state}'; exit $code`;
    const child = spawn('bash', ['-c', script], { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { output: stderr + stdout, code: await ended };
  }
}

/** `declare -x NAME="value"`, as bash writes it; values here need no escapes. */
function variableOf(line: string): [string, string][] {
  const [, name, value] = /^declare -x (\w+)="(.*)"$/.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value]];
}

const mover = new Mover();
afterAll(() => mover.close());

test.skipIf(envoyPart === undefined)(
  `who follows ${PAGE} moves a sidecar, and no request is answered differently on the way`,
  async () => {
    await mover.prepare();
    for (const step of stepsOf(await readPage(PAGE))) {
      if (step.kind === 'documents') mover.write(step.file, step.text);
      if (step.kind !== 'command') continue;
      const { output, code } = await mover.run(step.command);
      const where = `${PAGE}:${step.line}: ${step.command}\n${output}`;
      if (step.expected === undefined) expect(code, where).toBe(0);
      else if (!isAsShown(output, step.expected)) expect(output, where).toBe(step.expected);
    }
    await mover.answers(100);
    const { answers, unlike } = await mover.end();
    expect(unlike).toEqual([]);
    expect(answers).toBeGreaterThan(500);
  },
);
