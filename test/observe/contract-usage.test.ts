import { describe, expect, it } from 'vitest';
import type { Contract } from '../../src/contract/contract.ts';
import type { Decision, Step } from '../../src/decision/decision.ts';
import { createContractUsage } from '../../src/observe/contract-usage.ts';
import type { ContractUsage } from '../../src/observe/contract-usage.ts';
import { expose, textOf } from '../../src/observe/exposition.ts';
import type { SharedFamily } from '../../src/observe/exposition.ts';
import { MergedFamilies, partOf } from '../../src/observe/merged-families.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import type { WindowState } from '../../src/quota/store.ts';
import { contractOf, decision, step } from './decisions.ts';

const MINUTE = { maximumRequests: 10, timePeriodInMilliseconds: 60_000 };
const MONTH = {
  maximumRequests: 1000,
  timePeriodInMilliseconds: 31 * 86_400_000,
  calendar: { unit: 'month', timeZone: 'UTC' },
} as const;

function windowsOf(left: number, resetMs = 60_000): WindowState[] {
  return [
    { limit: MINUTE, remaining: left, resetMs },
    { limit: MONTH, remaining: 900, resetMs: 1e9 },
  ];
}

function decisionOf(contract: Contract, windows: readonly WindowState[], parts: Partial<Step> = {}): Decision {
  const quota = step({ name: 'orders/quota', policy: 'rate-limiting-sla', windows, ...parts });
  return decision({ identity: { contract }, steps: [step(), quota] });
}

async function linesOf(families: readonly SharedFamily[]): Promise<string[]> {
  const text = await textOf(expose(undefined, () => ({ registry: new Registry(), families })));
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const labels = (contract: string, window: string): string =>
  `{api="orders",contract="${contract}",policy="orders/quota",window="${window}"}`;

describe('how much of their quota contracts have used', () => {
  it('is told of each window as the last decision left it, until the window ends', async () => {
    let now = 0;
    const usage = createContractUsage(() => now);
    const contract = contractOf('web');
    usage.decided(decisionOf(contract, windowsOf(7)));
    usage.decided(decisionOf(contract, windowsOf(4)));
    const ofMonth = labels('web-orders', 'month@UTC');
    expect(await linesOf(usage.families)).toEqual([
      `ostiary_contract_used_units${labels('web-orders', '60000')} 6`,
      `ostiary_contract_used_units${ofMonth} 100`,
      `ostiary_contract_limit_units${labels('web-orders', '60000')} 10`,
      `ostiary_contract_limit_units${ofMonth} 1000`,
    ]);
    now = 60_000;
    expect(await linesOf(usage.families)).toEqual([
      `ostiary_contract_used_units${ofMonth} 100`,
      `ostiary_contract_limit_units${ofMonth} 1000`,
    ]);
  });

  it('is not told of trials, of other policies, and of callers without a contract', async () => {
    const usage = createContractUsage(() => 0);
    const contract = contractOf('web');
    usage.decided(decisionOf(contract, windowsOf(1), { mode: 'shadow' }));
    usage.decided(decisionOf(contract, windowsOf(1), { policy: 'rate-limiting' }));
    usage.decided({ ...decisionOf(contract, windowsOf(1)), identity: {} });
    usage.decided(decisionOf(contract, []));
    expect(await linesOf(usage.families)).toEqual([]);
  });

  it('follows other limits of the same contract', async () => {
    const usage = createContractUsage(() => 0);
    const contract = contractOf('web');
    usage.decided(decisionOf(contract, [{ limit: MINUTE, remaining: 1, resetMs: 10 }]));
    const hour = { maximumRequests: 50, timePeriodInMilliseconds: 3_600_000 };
    usage.decided(decisionOf(contract, [{ limit: hour, remaining: 49, resetMs: 1000 }]));
    expect(await linesOf(usage.families)).toContain(`ostiary_contract_used_units${labels('web-orders', '3600000')} 1`);
  });

  it('is told of 10,000 windows', async () => {
    const usage = createContractUsage(() => 0);
    for (let at = 0; at < 6000; at++) usage.decided(decisionOf(contractOf(`c${at}`), windowsOf(1)));
    const lines = await linesOf(usage.families);
    expect(lines).toHaveLength(20_000);
    expect(lines.filter((line) => line.includes('_other'))).toEqual([]);
  });

  it('is what most is known of, where several processes decide', async () => {
    const processes = [createContractUsage(() => 0), createContractUsage(() => 0), createContractUsage(() => 0)];
    const decided = (at: number, left: number, resetMs: number): void =>
      (processes[at] as ContractUsage).decided(decisionOf(contractOf('web'), windowsOf(left, resetMs)));
    decided(0, 2, 30_000);
    decided(1, 1, 30_050);
    // One that has seen nothing since the window before.
    decided(2, 0, 100);
    const merged = new MergedFamilies(async () => createContractUsage(() => 0).families);
    const sources = processes.map(({ families }) => ({
      series: async (place: Parameters<typeof partOf>[1]) => partOf(families, place),
    }));
    for (let scrape = 0; scrape < 2; scrape++) {
      expect(await linesOf(await merged.merge(sources))).toContain(
        `ostiary_contract_used_units${labels('web-orders', '60000')} 9`,
      );
    }
  });
});
