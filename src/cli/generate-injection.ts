import { UserError } from '../errors.ts';
import { parseFlags } from '../flags.ts';
import { injectionValues } from '../generate/injection-template.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { endpointOf, pairOf, secretKeyOf } from './generate-options.ts';

/** The values of istiod that give pods an ostiary of their own. @throws UserError */
export function injectionDocuments(flags: GenerateFlags): readonly object[] {
  const endpoint = endpointOf(flags.ostiary || 'ostiary:9191', '--ostiary');
  if (endpoint.kind === 'tcp')
    throw new UserError('a sidecar is reached by a socket: --ostiary unix:/run/ostiary/ostiary.sock', 2);
  const { positionals } = parseFlags(serveFlags, flags.extraArg, {});
  if (positionals.length > 0)
    throw new UserError(`--extra-arg is ${JSON.stringify(positionals[0])}: expected a flag of ostiary serve`, 2);
  const { image, policies, redis, redisSecret } = flags;
  if (redis !== '' && redisSecret !== '')
    throw new UserError('--redis and --redis-secret exclude each other: give one', 2);
  if (/\/\/[^/]*:[^/]*@/.test(redis)) {
    throw new UserError(
      "--redis has a password, which everybody would read in istiod's values: put the URL into a Secret of the pods' namespace and give --redis-secret SECRET/KEY",
      2,
    );
  }
  const secretEnv = flags.secretEnv.map((each) => {
    const [variable, secret] = pairOf(each, '--secret-env');
    return { variable, ...secretKeyOf(secret, '--secret-env') };
  });
  const written = [...flags.env, ...flags.extraArg, ...flags.secretFiles, ...flags.secretEnv, image, policies, redis];
  const template = written.find((each) => each.includes('{{'));
  if (template !== undefined)
    throw new UserError(`${JSON.stringify(template)} holds {{, which Istio's injector would evaluate`, 2);
  return [
    injectionValues({
      image,
      policies,
      redis,
      redisSecret: redisSecret === '' ? undefined : secretKeyOf(redisSecret, '--redis-secret'),
      socketPath: endpoint.path,
      secretEnv,
      secretFiles: flags.secretFiles,
      env: Object.fromEntries(flags.env.map((each) => pairOf(each, '--env'))),
      extraArgs: flags.extraArg,
    }),
  ];
}
