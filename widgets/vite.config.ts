/**
 * Two builds in one command. `embed`: m5.js, whole in itself, because a portal loads exactly that file. `client`: the views, hashed,
 * with `.vite/manifest.json` from which the server prints its script tags (one entry a page of `views/`).
 */
import { defineConfig, type Plugin } from 'vite'

/** css`` and html`` texts are strings to the minifier; this takes out comments and line ends between tags. None of ours is significant. */
const tightTemplates = (): Plugin => ({
  name: 'm5-tight-templates',
  enforce: 'pre',
  transform(code, id) {
    if (!/widgets\/(embed|kit|views)\/.*\.ts$/.test(id)) return null
    const tight = code
      .replace(/css`[^`]*`/g, text =>
        text
          .replace(/\/\*[\s\S]*?\*\//g, '')
          .replace(/\s+/g, ' ')
          .replace(/ ?([`{};,]) ?/g, '$1')
          .replace(/: /g, ':')
          .replace(/ !/g, '!')
          .replace(/;}/g, '}'),
      )
      .replace(/([`>])\s*\n\s*(?=<|\$\{)/g, '$1')
      .replace(/}\s*\n\s*(?=<\/?[a-z])/g, '}')
    return { code: tight, map: null }
  },
})

/** See widgets/teams/valid-origins.ts. */
const ownValidOrigins = (): Plugin => ({
  name: 'm5-own-valid-origins',
  enforce: 'pre',
  resolveId: (source, importer) =>
    importer?.includes('@microsoft/teams-js') && /\/validOrigins\.js$/.test(source)
      ? `${import.meta.dirname}/teams/valid-origins.ts`
      : null,
})

/** Not the words of other languages, nor those of staff, which a child's phone need not load. */
const shared = /widgets\/kit\/(?!en|.*staff)|connector\/api\/|node_modules|rolldown\/runtime/

/** Without `development`: whatever NODE_ENV says, Lit's small build is the one that is shipped. */
const resolve = { conditions: ['module', 'browser', 'import'] }

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  plugins: [tightTemplates(), ownValidOrigins()],
  build: { target: ['chrome111', 'safari16.4', 'firefox115'], outDir: 'dist', modulePreload: { polyfill: false } },
  environments: {
    client: {
      resolve,
      build: {
        emptyOutDir: true,
        manifest: true,
        rolldownOptions: {
          input: {
            ...{ meld: 'views/meld/main.ts', groep: 'views/groep/main.ts', bevestig: 'views/bevestig/main.ts' },
            teams: 'teams/main.ts',
          },
          output: {
            entryFileNames: 'v/[name]-[hash].js',
            chunkFileNames: 'v/[name]-[hash].js',
            // What every view needs is one file, fetched beside the view's own: two requests, not four.
            codeSplitting: {
              groups: [{ name: 'kit', test: shared, minShareCount: 2 }],
            },
          },
        },
      },
    },
    embed: {
      consumer: 'client',
      resolve,
      build: {
        emptyOutDir: false,
        rolldownOptions: {
          input: { m5: 'embed/main.ts' },
          output: { format: 'esm', entryFileNames: '[name].js' },
        },
      },
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['client', 'embed']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
})
