/** Read-aloud for the youngest, where the device has a voice for the language. */
export type Speaker = {
  can: (language: string) => boolean
  say: (text: string, language: string) => void
  stop: () => void
}

export const createSpeaker = (): Speaker => {
  const synthesis = globalThis.speechSynthesis as SpeechSynthesis | undefined
  const voiceOf = (language: string) =>
    synthesis?.getVoices().find(voice => voice.lang.toLowerCase().startsWith(language))
  return {
    can: language => voiceOf(language) !== undefined,
    say: (text, language) => {
      const speech = new SpeechSynthesisUtterance(text)
      speech.lang = language
      speech.voice = voiceOf(language) ?? null
      speech.rate = 0.9
      synthesis?.cancel()
      synthesis?.speak(speech)
    },
    stop: () => synthesis?.cancel(),
  }
}
