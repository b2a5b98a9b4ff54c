import { attachmentChecks } from './checks/attachment.ts';
import { certificateChecks, clockChecks } from './checks/certificates.ts';
import { destinationChecks } from './checks/destinations.ts';
import { documentChecks } from './checks/documents.ts';
import { envoyChecks } from './checks/envoys.ts';
import { portChecks } from './checks/ports.ts';
import { redisChecks } from './checks/redis.ts';
import { sidecarChecks } from './checks/sidecars.ts';
import { targetChecks } from './checks/targets.ts';
import { trafficChecks } from './checks/traffic.ts';
import { waypointChecks } from './checks/waypoints.ts';
import { webhookChecks } from './checks/webhooks.ts';
import { inOrder } from './finding.ts';
import type { Diagnosis, Finding } from './finding.ts';
import type { World } from './world.ts';

const CHECKS: readonly ((world: World) => Iterable<Finding>)[] = [
  portChecks,
  targetChecks,
  attachmentChecks,
  destinationChecks,
  waypointChecks,
  envoyChecks,
  sidecarChecks,
  webhookChecks,
  redisChecks,
  clockChecks,
  certificateChecks,
  documentChecks,
  trafficChecks,
];

/** Looks at all that was collected. Pure: whoever collects has asked already. */
export function diagnose(world: World): Diagnosis {
  const findings = CHECKS.flatMap((check) => Array.from(check(world)));
  return { findings: inOrder(findings), unlooked: world.unlooked, looked: world.looked };
}
