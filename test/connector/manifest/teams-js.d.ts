/** The list that the package carries; it has no types of its own. */
declare module '@microsoft/teams-js/dist/esm/packages/teams-js/src/artifactsForCDN/validDomains.json.js' {
  export const validOrigins: string[]
}
