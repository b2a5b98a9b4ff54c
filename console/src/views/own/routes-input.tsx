import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isSame } from '../../forms/inputs.ts';
import { routeLines, routesFrom } from '../../forms/route-lines.ts';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';

/** Routes as one reads them: methods and path, one a line. */
export function RoutesInput({ label, onChange, path, value }: FormProps): JSX.Element {
  const lines = routeLines(value) ?? '';
  const [text, setText] = useState(lines);
  useEffect(() => {
    // It was changed elsewhere, in the YAML say.
    if (!isSame(routesFrom(text), value)) setText(lines);
  }, [lines]);
  const id = idOf(path);
  return (
    <>
      <textarea
        id={id}
        class="own-lines"
        aria-label={`${label}, one a line`}
        aria-describedby={`${id}-help ${id}-fault`}
        rows={Math.min(14, Math.max(3, text.split('\n').length + 1))}
        wrap="off"
        spellcheck={false}
        placeholder={'GET POST /orders\nGET /orders/{id}'}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          onChange(path, routesFrom(currentTarget.value));
        }}
      />
      <p class="help">One a line: methods, and the path below the base path</p>
    </>
  );
}
