import type { Occurred } from '../alerts/alert-states.ts';
import type { EvaluatorPorts } from '../alerts/evaluator.ts';
import { conditionText, valueText } from '../alerts/rule.ts';
import { DEFAULT_NAMESPACE } from '../document/names.ts';
import { eventOf } from '../notify/event.ts';
import type { TeamEvent } from '../notify/event.ts';
import type { Surroundings } from '../notify/surroundings.ts';
import type { ResourceKey } from '../registry/log.ts';

export interface AlertEventPorts {
  readonly surroundings: (keys: readonly ResourceKey[]) => Promise<Surroundings>;
  readonly record: (events: readonly TeamEvent[]) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Tells people that alerts fire, and that they have ended. Never rejects: webhooks of the alerts are told anyhow. */
export function alertEvents({
  surroundings,
  record,
  failed,
}: AlertEventPorts): NonNullable<EvaluatorPorts['occurred']> {
  return async (occurred, nowMs) => {
    try {
      const around = await surroundings([]);
      await record(occurred.map((each) => alertEvent(each, nowMs, around)));
    } catch (error) {
      failed(error);
    }
  };
}

function alertEvent(
  { rule, transition, labels, value, sinceMs }: Occurred,
  nowMs: number,
  around: Surroundings,
): TeamEvent {
  const slash = rule.name.indexOf('/');
  const namespace = slash < 0 ? DEFAULT_NAMESPACE : rule.name.slice(0, slash);
  const key = { kind: 'Alert', namespace, name: rule.name.slice(slash + 1) };
  const whom = Object.values(labels).filter((label) => label !== '');
  const what = `${rule.displayName ?? rule.name}${whom.length === 0 ? '' : ` (${whom.join(', ')})`}`;
  const now = value === undefined ? '' : `; now ${valueText(value, rule.metric)}`;
  const text = `The alert ${what} ${transition === 'firing' ? 'fires' : 'has ended'}: ${conditionText(rule)}${now}`;
  const about = { ...key, ...(rule.displayName !== undefined && { displayName: rule.displayName }) };
  const data = { ...labels, severity: rule.severity, startedAt: new Date(sinceMs).toISOString() };
  const event = transition === 'firing' ? 'alert.firing' : 'alert.resolved';
  return eventOf({ event, about, teams: [around.teamOf(key)], text, data }, JSON.stringify([labels, sinceMs]), nowMs);
}
