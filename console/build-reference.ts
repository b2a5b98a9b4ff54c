import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const here = import.meta.dirname;
const component = join(here, '..', 'node_modules', 'swagger-ui-dist');

/**
 * Builds the document that draws specifications: plain scripts, since one without an origin loads no modules. Nothing of it
 * is in the console's own page.
 */
export async function buildReference(folder: string): Promise<void> {
  const assets = join(folder, 'assets');
  const add = (name: string, ends: string, content: string | Uint8Array): string => {
    const digest = createHash('sha256').update(content).digest('base64url').slice(0, 8);
    const file = `${name}-${digest}.${ends}`;
    writeFileSync(join(assets, file), content);
    return `/assets/${file}`;
  };
  const bundle = await rolldown({
    input: join(here, 'src', 'reference', 'main.ts'),
    platform: 'browser',
    transform: { target: 'es2023' },
    tsconfig: false,
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true });
  const css = [join(component, 'swagger-ui.css'), join(here, 'src', 'reference', 'style.css')]
    .map((file) => readFileSync(file, 'utf8').replace(/\/\*# sourceMappingURL=.*\*\//, ''))
    .join('\n');
  const script = readFileSync(join(component, 'swagger-ui-bundle.js'), 'utf8').replace(
    /\n\/\/# sourceMappingURL=.*/,
    '',
  );
  const page = readFileSync(join(here, 'reference.html'), 'utf8')
    .replace('{{style}}', add('reference', 'css', css))
    .replace('{{component}}', add('reference-component', 'js', script))
    .replace('{{script}}', add('reference', 'js', output[0].code));
  writeFileSync(join(folder, 'reference.html'), page);
  copyFileSync(join(component, 'swagger-ui-bundle.js.LICENSE.txt'), join(folder, 'reference-component.LICENSE.txt'));
}
