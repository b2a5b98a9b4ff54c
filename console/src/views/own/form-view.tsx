import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Path } from '../../forms/inputs.ts';
import { isRecord, blankOf, chosenOf } from '../../forms/node.ts';
import type { FormField, FormNode } from '../../forms/node.ts';
import { inWords, labelOf, unitOf } from '../../forms/labels.ts';
import { faultAt } from '../../forms/paths.ts';
import type { Placed } from '../../forms/paths.ts';
import { isLimits } from '../../forms/limit-row.ts';
import { FieldNotes } from '../../parts/small.tsx';
import { Leaf } from './form-leaf.tsx';
import { LimitsInput } from './limits-input.tsx';
import { ListView, MapView } from './form-lists.tsx';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';
import { RoutesInput } from './routes-input.tsx';
import { routeLines } from '../../forms/route-lines.ts';

const draw = (props: FormProps): JSX.Element => <FormView {...props} />;

/** A value as inputs, whatever its shape. */
export function FormView(props: FormProps): JSX.Element {
  const { faults, ifAbsent, label, namespace, node, onChange, path, value } = props;
  switch (node.kind) {
    case 'group':
      return (
        <GroupView
          fields={node.fields}
          path={path}
          value={value}
          faults={faults}
          onChange={onChange}
          namespace={namespace}
        />
      );
    case 'list':
      if (path.at(-1) === 'routes' && routeLines(value) !== undefined) return <RoutesInput {...props} />;
      if (isLimits(node)) return <LimitsInput {...props} />;
      return <ListView {...props} item={node.item} draw={draw} />;
    case 'map':
      return <MapView {...props} of={node.value} draw={draw} />;
    case 'either': {
      const shown = value === undefined && ifAbsent !== undefined ? ifAbsent : value;
      const at = Math.max(0, chosenOf(node.options, shown));
      const option = node.options[at] as FormNode;
      const choose = (next: number): void => {
        const other = node.options[next] as FormNode;
        onChange(path, convertedTo(other, value));
      };
      return (
        <div class="own-either">
          <span class="own-choice" role="group" aria-label={`${label}: how it is given`}>
            {node.options.map((each, place) => (
              <button
                key={place}
                type="button"
                class="plain"
                aria-pressed={place === at}
                onClick={() => place !== at && choose(place)}
              >
                {wordOf(each)}
              </button>
            ))}
          </span>
          {ONE_INPUT.has(option.kind) && (
            <label class="unseen" for={idOf(path)}>
              {label}
            </label>
          )}
          {option.kind !== 'choice' || option.values.length > 1 ? <FormView {...props} node={option} /> : null}
        </div>
      );
    }
    default:
      return <Leaf {...props} />;
  }
}

/** A text that becomes a list is its first item, and so on. */
function convertedTo(node: FormNode, value: unknown): unknown {
  if (node.kind === 'list' && typeof value === 'string' && value !== '') return [value];
  if (node.kind === 'text' && Array.isArray(value) && typeof value[0] === 'string') return value[0];
  if (node.kind === 'group' && typeof value === 'string' && node.fields.length === 1 && node.fields[0] !== undefined)
    return { [node.fields[0].name]: value };
  return blankOf(node);
}

function wordOf(node: FormNode): string {
  switch (node.kind) {
    case 'text':
      return 'One';
    case 'list':
      return node.item.kind === 'group' || node.item.kind === 'either' ? 'List' : 'Several';
    case 'choice':
      return node.values.map((value) => (value === true ? 'Yes' : labelOf(String(value)))).join(', ');
    case 'number':
      return 'Number';
    case 'group':
      return node.fields.length === 1
        ? labelOf(node.fields[0]?.name ?? '')
        : node.fields
            .slice(0, 2)
            .map(({ name }) => labelOf(name))
            .join(' and ');
    case 'many':
      return 'Several';
    default:
      return labelOf(node.kind);
  }
}

interface GroupProps {
  readonly fields: readonly FormField[];
  readonly path: Path;
  readonly value: unknown;
  readonly faults: readonly Placed[];
  readonly onChange: FormProps['onChange'];
  readonly namespace: string;
  /** Shown above "more settings" though they are not given. */
  readonly first?: readonly string[];
}

/** So few are not worth a line to open. */
const FEW = 3;

/** Fields that are given, needed or usual, and the rest behind a line. */
export function GroupView({ fields, faults, first = [], namespace, onChange, path, value }: GroupProps): JSX.Element {
  const record = isRecord(value) ? value : {};
  const isShown = ({ isRequired, name }: FormField): boolean =>
    isRequired ||
    first.includes(name) ||
    record[name] !== undefined ||
    faultAt(faults, [...path, name], true) !== undefined;
  // What is shown does not move away while it is edited.
  const [shown] = useState(() => new Set(fields.filter(isShown).map(({ name }) => name)));
  const [above, rest] = [
    fields.filter(({ name }) => shown.has(name) || fields.length <= FEW),
    fields.filter(({ name }) => !shown.has(name) && fields.length > FEW),
  ];
  const drawField = (field: FormField): JSX.Element => (
    <FieldView
      key={field.name}
      field={field}
      path={[...path, field.name]}
      value={record[field.name]}
      faults={faults}
      onChange={onChange}
      namespace={namespace}
    />
  );
  return (
    <div class="own-group">
      {above.map(drawField)}
      {rest.length > 0 && (
        <details class="own-more" open={rest.some(({ name }) => faultAt(faults, [...path, name], true) !== undefined)}>
          <summary>
            {rest.length === 1 ? '1 more setting' : `${rest.length} more settings`}{' '}
            <span class="quiet">
              {rest
                .slice(0, 3)
                .map(({ name }) => labelOf(name))
                .join(', ')}
              {rest.length > 3 ? ', …' : ''}
            </span>
          </summary>
          {rest.map(drawField)}
        </details>
      )}
    </div>
  );
}

interface FieldViewProps extends Omit<GroupProps, 'fields' | 'first'> {
  readonly field: FormField;
}

/** Leafs whose label names one input. Others are groups with a legend. */
const ONE_INPUT: ReadonlySet<FormNode['kind']> = new Set(['text', 'number', 'choice', 'scalar', 'any']);

function FieldView({ field, faults, namespace, onChange, path, value }: FieldViewProps): JSX.Element {
  const { help, ifAbsent, isRequired, name, node } = field;
  const unit = unitOf(name, help);
  const label = labelOf(name);
  const fault = faultAt(
    faults,
    path,
    node.kind !== 'group' && node.kind !== 'list' && node.kind !== 'map' && node.kind !== 'either',
  );
  const id = idOf(path);
  const words = inWords(value ?? ifAbsent, unit);
  const inner = (
    <FormView
      node={node}
      path={path}
      value={value}
      faults={faults}
      onChange={onChange}
      label={label}
      ifAbsent={ifAbsent}
      unit={unit}
      namespace={namespace}
    />
  );
  const below: ComponentChildren = (
    <>
      {words && <p class="own-words">{words}</p>}
      <FieldNotes help={help} fault={fault} id={id} />
    </>
  );
  const classes = fault === undefined ? 'field own-field' : 'field own-field faulty';
  const mark = isRequired ? <span class="own-needed"> needed</span> : null;
  if (node.kind === 'switch')
    return (
      <div class={`${classes} own-switch`}>
        {inner}
        {below}
      </div>
    );
  if (ONE_INPUT.has(node.kind))
    return (
      <div class={classes}>
        <label for={id}>
          {label}
          {unit && <span class="quiet"> ({unit})</span>}
          {mark}
        </label>
        {inner}
        {below}
      </div>
    );
  return (
    <fieldset class={classes}>
      <legend>
        {label}
        {mark}
      </legend>
      {below}
      {inner}
    </fieldset>
  );
}
