/** What a running service really answers: every route of its router, as `METHOD /path/{param}`. */
import type { Express } from 'express'

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> }
  handle?: { stack?: Layer[] }
  path?: string
  slash?: boolean
  match(path: string): boolean
}

/** @throws Error for a router mounted where nobody looks */
export function routesOf(app: Express, mounts = ['/api', '/entry', '/oidc', '/wake', '/lti']): string[] {
  // SAFETY: the stack is not in the types of express; a test of this very function's result would see it change.
  const { stack } = app.router as unknown as { stack: Layer[] }
  return stack.flatMap(layer => {
    if (layer.route) return named('', layer)
    const inner = layer.handle?.stack
    if (!inner) return []
    const prefix = layer.slash ? '' : mounts.find(mount => layer.match(`${mount}/x`))
    if (prefix === undefined) throw new Error('a router is mounted at an unknown place')
    return inner.flatMap(under => (under.route ? named(prefix, under) : []))
  })
}

function named(prefix: string, { route }: Layer): string[] {
  if (!route) return []
  const paths = [route.path].flat()
  const methods = Object.keys(route.methods).filter(method => route.methods[method])
  const plain = (path: string) => path.replace(/:(\w+)/g, '{$1}')
  return paths.flatMap(path => methods.map(method => `${method.toUpperCase()} ${prefix}${plain(path)}`))
}
