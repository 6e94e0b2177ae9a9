/**
 * The part of Grafana's dashboard model that ours use, strict: a field that Grafana doesn't know is refused. After its
 * sources: kinds/dashboard/dashboard_kind.cue, and panelcfg.cue of the panels stat, timeseries and state-timeline.
 */
import { z } from 'zod';

const dataSource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('prometheus') });

const gridPos = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});

/** Sorted by value; the first holds from the least number on, which JSON writes as null. */
const thresholds = z.strictObject({
  mode: z.enum(['absolute', 'percentage']),
  steps: z
    .array(z.strictObject({ value: z.number().nullable(), color: z.string() }))
    .min(1)
    .refine(
      ([first, ...others]) =>
        first?.value === null &&
        others.every(({ value }, index) => value !== null && value > (others[index - 1]?.value ?? -Infinity)),
    ),
});

/** Of the registry in packages/grafana-data/src/valueFormats. */
const unit = z.enum(['short', 'reqps', 'ops', 'pps', 's', 'h', 'd', 'bytes', 'Bps', 'percentunit']);

const fieldConfig = z.strictObject({
  defaults: z.strictObject({
    unit,
    min: z.number().optional(),
    color: z.strictObject({ mode: z.enum(['thresholds', 'palette-classic', 'fixed']) }).optional(),
    thresholds: thresholds.optional(),
  }),
  overrides: z.array(z.never()),
});

const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: dataSource,
  expr: z.string().min(1),
  legendFormat: z.string(),
  instant: z.boolean().optional(),
  range: z.boolean().optional(),
});

const panel = {
  id: z.int().min(1),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource: dataSource,
  gridPos,
  fieldConfig,
  targets: z.array(target).min(1),
};

const panels = z.discriminatedUnion('type', [
  z.strictObject({
    ...panel,
    type: z.literal('stat'),
    options: z.strictObject({
      reduceOptions: z.strictObject({
        calcs: z.array(z.enum(['lastNotNull', 'last', 'mean', 'max', 'min'])).length(1),
        values: z.boolean(),
      }),
      colorMode: z.enum(['value', 'background', 'background_solid', 'none']),
    }),
  }),
  z.strictObject({
    ...panel,
    type: z.literal('timeseries'),
    options: z.strictObject({
      legend: z.strictObject({
        displayMode: z.enum(['list', 'table', 'hidden']),
        placement: z.enum(['bottom', 'right']),
        showLegend: z.boolean(),
        calcs: z.array(z.string()),
      }),
      tooltip: z.strictObject({
        mode: z.enum(['single', 'multi', 'none']),
        sort: z.enum(['asc', 'desc', 'none']),
      }),
    }),
  }),
  z.strictObject({
    ...panel,
    type: z.literal('state-timeline'),
    options: z.strictObject({
      mergeValues: z.boolean(),
      showValue: z.enum(['auto', 'never', 'always']),
    }),
  }),
]);

export const grafanaDashboard = z.strictObject({
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  title: z.string().min(1),
  tags: z.array(z.string()),
  // 36 is the first of Grafana 9.1; newer ones take older ones in
  schemaVersion: z.int().min(36),
  version: z.int().min(0),
  editable: z.boolean(),
  refresh: z.string().regex(/^\d+[smhd]$/),
  time: z.strictObject({ from: z.string().regex(/^now/), to: z.literal('now') }),
  timezone: z.string(),
  templating: z.strictObject({ list: z.array(z.never()) }),
  annotations: z.strictObject({
    list: z.array(
      z.strictObject({
        name: z.string().min(1),
        datasource: dataSource,
        enable: z.boolean(),
        iconColor: z.string(),
        // that data source spreads its query into this object
        expr: z.string().min(1),
        titleFormat: z.string(),
      }),
    ),
  }),
  panels: z.array(panels).min(1),
});

export type GrafanaDashboard = z.infer<typeof grafanaDashboard>;
