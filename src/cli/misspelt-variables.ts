import { nearest } from '../nearest.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import type { Environment } from './command.ts';

const OTHERS = /^OSTIARY_(?:API|WORKER|(?:\w+_)?(?:SERVICE_HOST|(?:SERVICE_)?PORT)(?:_\w+)?)$/;

/**
 * Variables that look like misspelt variables of ostiary. Other variables are ignored: documents may read them, and
 * Kubernetes sets `OSTIARY_PORT` and the like for a Service of that name.
 */
export function misspeltVariables(environment: Environment): readonly string[] {
  const known = Object.values(serveFlags).flatMap(({ variable }) => variable ?? []);
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith('OSTIARY_') || known.includes(name) || OTHERS.test(name)) return [];
    const meant = nearest(
      name.slice('OSTIARY_'.length),
      known.map((each) => each.slice('OSTIARY_'.length)),
    );
    return meant === undefined ? [] : [`${name} is not a variable of ostiary serve: did you mean OSTIARY_${meant}?`];
  });
}
