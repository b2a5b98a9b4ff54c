import { text, withVariables } from '../flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { unbroken } from './flag-forms.ts';

/** How commands that call a running service reach its operator's API. */
export const apiFlags = {
  ...withVariables({
    api: text(undefined, 'URL', 'the running service, by its --api-listen: http://host:port or unix:/path', unbroken),
  }),
  apiTokenFile: serveFlags.apiTokenFile,
};
