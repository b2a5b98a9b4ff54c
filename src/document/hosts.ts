import { upgrade } from '../policy/upgrade-note.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import { documentHost, hasFinalDot, hasPort } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import { basePathAsSent } from '../request/path.ts';
import type { Issue } from './issues.ts';
import type { DocumentOf } from './schema.ts';

/** The hosts of an API as requests are compared with them; empty: any host. */
export function hostsOf(hosts: readonly string[] = ['*'], matching: HostMatching): readonly string[] {
  return hosts.every((host) => host === '*') ? [] : hosts.map((host) => documentHost(host, matching));
}

/** Hosts that differ from others by what is not compared: requests would be decided by the one or the other. */
export function portIssues(hosts: readonly string[] = [], matching: HostMatching): readonly Issue[] {
  if (matching.port === 'exact') return [];
  return hosts.flatMap((host, index): readonly Issue[] => {
    if (!hasPort(host)) return [];
    const message = 'has a port, and --host-port ignore takes no account of ports: remove it here';
    return [{ path: ['spec', 'hosts', index], at: 'value', message }];
  });
}

/** What of an API's address was decided otherwise in 0.1. */
export function addressNotes(
  { hosts = [], basePath }: DocumentOf<'Api'>['spec'],
  matching: HostMatching,
): readonly UpgradeNote[] {
  const notes = hosts.flatMap((host, index): readonly UpgradeNote[] => {
    if (matching.finalDot === 'ignore' || !hasFinalDot(host)) return [];
    const message =
      'now matches requests with the dot alone: remove the dot where Envoy strips it or nobody sends it, ' +
      'or serve with --host-final-dot ignore';
    return [upgrade('host-final-dot', ['spec', 'hosts', index], message)];
  });
  const sent = basePathAsSent(basePath);
  if (sent === basePath) return notes;
  const message = `requests now have to send it as ${sent}, as Envoy's route has to name it; another spelling is 400`;
  return [...notes, upgrade('base-path-encoded', ['spec', 'basePath'], message)];
}
