"""What languages are called: in English, by ISO 639-1, and by the models that translate between many of them."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ModelError, nearest


@dataclass(frozen=True)
class Language:
    """Is a language under each of its names.

    Args:
        name: In English: "German".
        code: ISO 639-1: "de".
        flores: As NLLB calls it: "deu_Latn".
        region: As mBART calls it: "de_DE"; empty where it does not know it.
    """

    name: str
    code: str
    flores: str
    region: str = ""


_ROWS = """
Arabic ar arb_Arab ar_AR
Bengali bn ben_Beng bn_IN
Bulgarian bg bul_Cyrl
Catalan ca cat_Latn
Chinese zh zho_Hans zh_CN
Croatian hr hrv_Latn hr_HR
Czech cs ces_Latn cs_CZ
Danish da dan_Latn
Dutch nl nld_Latn nl_XX
English en eng_Latn en_XX
Estonian et est_Latn et_EE
Finnish fi fin_Latn fi_FI
French fr fra_Latn fr_XX
German de deu_Latn de_DE
Greek el ell_Grek
Gujarati gu guj_Gujr gu_IN
Hebrew he heb_Hebr he_IL
Hindi hi hin_Deva hi_IN
Hungarian hu hun_Latn
Icelandic is isl_Latn
Indonesian id ind_Latn id_ID
Irish ga gle_Latn
Italian it ita_Latn it_IT
Japanese ja jpn_Jpan ja_XX
Korean ko kor_Hang ko_KR
Latvian lv lvs_Latn lv_LV
Lithuanian lt lit_Latn lt_LT
Malay ms zsm_Latn
Norwegian no nob_Latn
Persian fa pes_Arab fa_IR
Polish pl pol_Latn pl_PL
Portuguese pt por_Latn pt_XX
Romanian ro ron_Latn ro_RO
Russian ru rus_Cyrl ru_RU
Serbian sr srp_Cyrl
Slovak sk slk_Latn
Slovenian sl slv_Latn sl_SI
Spanish es spa_Latn es_XX
Swahili sw swh_Latn sw_KE
Swedish sv swe_Latn sv_SE
Tamil ta tam_Taml ta_IN
Telugu te tel_Telu te_IN
Thai th tha_Thai th_TH
Turkish tr tur_Latn tr_TR
Ukrainian uk ukr_Cyrl uk_UA
Urdu ur urd_Arab ur_PK
Vietnamese vi vie_Latn vi_VN
Welsh cy cym_Latn
"""

LANGUAGES = tuple(Language(*row.split()) for row in _ROWS.strip().splitlines())
NAMES = tuple(language.name for language in LANGUAGES)


def language_of(name: str) -> Language:
    """Return the language of a name or an ISO 639-1 code.

    Raises:
        ModelError: It is not in the list; names the nearest.
    """
    for language in LANGUAGES:
        if name.strip().casefold() in (language.name.casefold(), language.code):
            return language
    raise ModelError(f"There is no language '{name}' in the list.{nearest(name.title(), NAMES)}")
