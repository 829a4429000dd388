"""Which codes name a sign language? A selection of ISO 639-3, not the whole register.

Source: https://iso639-3.sil.org
"""

import re

SIGNED = frozenset(
    """
    ads aed aen afg ase asf asp asq asw bfi bfk bog bqn bqy bvl bzs cds csc csd cse csf csg csl csn
    csq csr csx doq dse dsl ecs ehs esl esn eso eth fcs fse fsl fss gds gse gsg gsm gss gus hab haf
    hds hks hos hps hsh hsl icl iks ils inl ins isg ise isr jcs jhs jls jos jsl jus kgi kvk lbs lgs
    lls lsb lsc lsg lsl lsn lso lsp lst lsv lsw lsy lws mdl mfs mre msd msr mzc mzg mzy nbs ncs nsi
    nsl nsp nsr nzs okl pgz pks prl prz psc psd psg psl pso psp psr pys rib rms rsi rsl rsm rsn sdl
    sfb sfs sgg sgx shu sls slf sqk sqs sqx ssp ssr svk swl syy szs tse tsm tsq tss tsy tza ugn ugy
    ukl vgt vsi vsl vsv wbs xki xml xms yds yhs ygs ysl ysm zib zsl
    """.split()  # noqa: SIM905
)


def is_signed(code: str) -> bool:
    """Whether a code is one of a sign language, or of those kept for private use (qaa to qtz).

    Args:
        code: ISO 639-3, three letters.

    Chapter: 15_your_own_data
    """
    return code in SIGNED or re.fullmatch(r"q[a-t][a-z]", code) is not None


def is_spoken(code: str) -> bool:
    """Whether a code has the form of one of a spoken language: de, en-GB, gsw.

    Args:
        code: ISO 639-1 or 639-3, with or without a region.

    Chapter: 15_your_own_data
    """
    return re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?", code) is not None
