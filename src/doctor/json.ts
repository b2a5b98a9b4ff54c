import { pageOf } from './finding.ts';
import type { Diagnosis } from './finding.ts';

/** For scripts: fields are added, and none is renamed. */
export function jsonOf({ findings, unlooked, confirmed = [], looked }: Diagnosis): object {
  return {
    findings: findings.map(({ code, severity, place, message, remedy }) => {
      return { code, severity, ...place, message, remedy, page: pageOf(code) };
    }),
    confirmed,
    notLookedAt: unlooked,
    lookedAt: looked,
  };
}
