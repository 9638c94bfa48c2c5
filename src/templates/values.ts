import { isGiven, type TemplateVariable } from './source.js';

/** The values a template is rendered with: a default stands for what is absent or empty. */
export function withDefaults(
  variables: readonly TemplateVariable[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const scope: Record<string, unknown> = { ...values };
  for (const { name, defaultValue } of variables) {
    if (isGiven(defaultValue) && !isGiven(scope[name])) scope[name] = defaultValue;
  }
  return scope;
}
