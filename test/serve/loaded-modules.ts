// Preloaded into a process under test: lists what it loads in the file that LOADED_MODULES names.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const list = process.env['LOADED_MODULES'] ?? '';
registerHooks({
  load(url, context, next) {
    appendFileSync(list, `${url}\n`);
    return next(url, context);
  },
});
process.on('exit', () => {
  // What Node.js has loaded of itself, `NativeModule tls` among it.
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  appendFileSync(list, moduleLoadList.join('\n'));
});
